// A face for everybody: initials on a colour of their own; the app has a sign.
import { html } from "../dom.js";

const HUES = 9;

const hueOf = (id) => [...String(id)].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 997, 7) % HUES;

const initials = (name) =>
  String(name ?? "?").split(/[\s._-]+/).filter(Boolean).slice(0, 2).map((word) => [...word][0].toUpperCase()).join("");

export function Avatar({ person, size = "" }) {
  if (person?.is_bot) {
    return html`<span class=${`avatar bot ${size}`} aria-hidden="true"><svg viewBox="0 0 24 24">
      <path d="M9 7 4.5 11.5 9 16" /><path d="M5 11.5h9a5 5 0 0 1 0 10h-2" transform="translate(0 -2)" /></svg></span>`;
  }
  const colour = person?.avatar?.colour;
  return html`<span class=${`avatar hue-${hueOf(person?.id)} ${size}`} style=${colour ? { background: colour } : null} aria-hidden="true">${person?.avatar?.letters ?? initials(person?.name)}</span>`;
}
