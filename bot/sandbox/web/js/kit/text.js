// Slack's text objects: plain text with emoji, or mrkdwn.
import { html } from "../dom.js";
import { EMOJI } from "../mrkdwn/emoji.js";
import { Emoji, Mrkdwn } from "../mrkdwn/show.js";

export function Text({ text }) {
  if (!text) return null;
  if (typeof text === "string") return html`<${Plain} text=${text} />`;
  if (text.type === "mrkdwn") return html`<${Mrkdwn} text=${text.text} verbatim=${text.verbatim} />`;
  return html`<${Plain} text=${text.text} emoji=${text.emoji !== false} />`;
}

/** Plain text: as it was written, but for emoji. */
export function Plain({ text, emoji = true }) {
  const whole = String(text ?? "");
  if (!emoji) return html`<span class="plain">${whole}</span>`;
  const pieces = whole.split(/(:[a-z0-9_+-]+:)/);
  return html`<span class="plain">${pieces.map((piece) => {
    const name = piece.slice(1, -1);
    return piece.startsWith(":") && name in EMOJI ? html`<${Emoji} name=${name} />` : piece;
  })}</span>`;
}

/** Only the characters, for labels that cannot hold nodes. */
export const words = (text) =>
  String((typeof text === "string" ? text : text?.text) ?? "").replace(/:([a-z0-9_+-]+):/g, (all, name) => EMOJI[name] ?? all);
