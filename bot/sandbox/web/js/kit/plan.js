// A plan and its tasks, each with its state in words.
import { html } from "../dom.js";
import { RichElements } from "./rich_text.js";
import { Text } from "./text.js";

const STATES = {
  pending: ["○", "Pending"], in_progress: ["◐", "In progress"], complete: ["✓", "Complete"], error: ["✕", "Failed"],
};

export function TaskCard({ block }) {
  const [sign, word] = STATES[block.status] ?? STATES.pending;
  return html`<div class=${`block task ${block.status}`}>
    <span class="task-sign" role="img" aria-label=${word}>${sign}</span>
    <div class="task-body">
      <div class="task-title"><${Text} text=${block.title} /> <span class="task-state">${word}</span></div>
      ${["details", "output"].map((name) => block[name] && html`<div class="task-detail"><${RichElements} elements=${block[name].elements} /></div>`)}
    </div>
  </div>`;
}

export const Plan = ({ block }) => html`<section class="block plan" aria-label=${block.title?.text ?? block.title}>
  <div class="plan-title"><${Text} text=${block.title} /></div>
  ${(block.tasks ?? []).map((task) => html`<${TaskCard} key=${task.task_id} block=${task} />`)}
</section>`;
