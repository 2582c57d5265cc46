// What stands in front of a channel's name.
import { html } from "../dom.js";

export const Sign = ({ kind }) => html`<span class="hash" aria-hidden="true">${kind === "private"
  ? html`<svg viewBox="0 0 20 20"><rect x="4.5" y="9" width="11" height="8" rx="1.6" /><path d="M7 9V6.5a3 3 0 0 1 6 0V9" /></svg>`
  : "#"}</span>`;
