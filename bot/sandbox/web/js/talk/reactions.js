// Emoji under a message, and who put them there.
import { html } from "../dom.js";
import { Emoji } from "../mrkdwn/show.js";
import { useWorkspace } from "../workspace.js";

export function Reactions({ message }) {
  const { world, server } = useWorkspace();
  if (!message.reactions?.length) return null;
  return html`<div class="reactions">${message.reactions.map((one) => {
    const mine = one.users.includes(world.me);
    const who = one.users.map((id) => world.people[id]?.name ?? id).join(", ");
    return html`<button type="button" key=${one.name} class=${mine ? "reaction mine" : "reaction"} aria-pressed=${mine} title=${who}
      aria-label=${`${one.name}, ${one.count}: ${who}`} onClick=${() => server.react(message, one.name, mine)}><${Emoji} name=${one.name} /> ${one.count}</button>`;
  })}</div>`;
}
