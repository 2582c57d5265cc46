// What one can do with a message; shown under the pointer, and to the keyboard.
import { html, useState } from "../dom.js";
import { useWorkspace } from "../workspace.js";

const Icon = ({ path }) => html`<svg viewBox="0 0 20 20" aria-hidden="true"><path d=${path} /></svg>`;

const REPLY = "M3 4.5h14v9H9l-4 3v-3H3z";
const LINK = "M8.5 11.5a3 3 0 0 0 4.2 0l3-3a3 3 0 0 0-4.2-4.2l-1 1M11.5 8.5a3 3 0 0 0-4.2 0l-3 3a3 3 0 0 0 4.2 4.2l1-1";
const JSON_SIGN = "M7 4c-2 0-2 1-2 3s0 3-2 3c2 0 2 1 2 3s0 3 2 3M13 4c2 0 2 1 2 3s0 3 2 3c-2 0-2 1-2 3s0 3-2 3";

export function Toolbar({ message, inThread }) {
  const { world } = useWorkspace();
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard?.writeText(world.linkTo(message));
    setCopied(true);
    setTimeout(() => setCopied(false), 1500);
  };
  return html`<div class="toolbar">
    ${!inThread && !message.ephemeral && html`<button type="button" class="icon-button" title="Reply in thread" aria-label="Reply in thread"
      onClick=${() => world.open(message.channel, message.thread_ts ?? message.ts)}><${Icon} path=${REPLY} /></button>`}
    ${!message.ephemeral && html`<button type="button" class="icon-button" title=${copied ? "Copied" : "Copy link"} aria-label="Copy link to message"
      onClick=${copy}><${Icon} path=${LINK} /></button>`}
    <button type="button" class="icon-button" title="Show as JSON" aria-label="Show message as JSON" onClick=${() => world.showJson(message)}><${Icon} path=${JSON_SIGN} /></button>
  </div>`;
}
