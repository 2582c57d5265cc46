import { createContext, html, useId } from "../dom.js";
import { Element } from "./elements/element.js";
import { useSurface } from "./surface.js";
import { Text } from "./text.js";
import { blockKey } from "./values.js";

/** What an element inside an input block must carry to be understood by a screen reader. */
export const Labelled = createContext(null);

const GROUPS = new Set(["checkboxes", "radio_buttons"]);

export function Input({ block }) {
  const { errors } = useSurface();
  const id = useId();
  const error = errors[blockKey(block)];
  const group = GROUPS.has(block.element.type);
  const label = { id: `${id}-field`, labelId: `${id}-label`, describedBy: describe(id, block, error), invalid: Boolean(error) };
  const name = html`<${Text} text=${block.label} />${block.optional && html`<span class="optional"> (optional)</span>`}`;
  return html`<div class=${error ? "block input invalid" : "block input"} data-block=${blockKey(block)}
      role=${group ? "group" : null} aria-labelledby=${group ? label.labelId : null} aria-describedby=${group ? label.describedBy : null}>
    ${group ? html`<div class="label" id=${label.labelId}>${name}</div>` : html`<label class="label" id=${label.labelId} for=${label.id}>${name}</label>`}
    <${Labelled.Provider} value=${{ ...label, required: !block.optional }}><${Element} block=${block} element=${block.element} /><//>
    ${error && html`<div class="input-error" id=${`${id}-error`}>${error}</div>`}
    ${block.hint && html`<div class="hint" id=${`${id}-hint`}><${Text} text=${block.hint} /></div>`}
  </div>`;
}

function describe(id, block, error) {
  return [error && `${id}-error`, block.hint && `${id}-hint`].filter(Boolean).join(" ") || null;
}
