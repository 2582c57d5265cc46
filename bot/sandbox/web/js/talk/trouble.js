// What Slack says under a message when an app did not take a press.
import { html } from "../dom.js";
import { useWorkspace } from "../workspace.js";

export function Trouble({ of: key }) {
  const { world, server } = useWorkspace();
  const trouble = world.troubles[key];
  if (!trouble) return null;
  return html`<div class="trouble" role="alert"><span aria-hidden="true">⚠</span> ${trouble}
    <button type="button" class="text-button" onClick=${() => server.forgetTrouble(key)}>Dismiss</button></div>`;
}
