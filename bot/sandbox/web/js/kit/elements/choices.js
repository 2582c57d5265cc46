// Checkboxes and radio buttons.
import { html, useContext, useId } from "../../dom.js";
import { askFirst } from "../../dialogs/confirm.js";
import { Labelled } from "../input.js";
import { useEntered } from "../surface.js";
import { Text } from "../text.js";

const same = (one, other) => one?.value === other?.value;

function Choice({ kind, name, option, chosen, disabled, invalid, onChange }) {
  const id = useId();
  return html`<div class="choice">
    <input type=${kind} id=${id} name=${name} checked=${chosen} disabled=${disabled} onChange=${onChange}
      aria-invalid=${invalid ? "true" : null} aria-describedby=${option.description ? `${id}-more` : null} />
    <label for=${id}><${Text} text=${option.text} /></label>
    ${option.description && html`<div class="choice-more" id=${`${id}-more`}><${Text} text=${option.description} /></div>`}
  </div>`;
}

export function RadioButtons({ block, element }) {
  const label = useContext(Labelled);
  const name = useId();
  const entered = useEntered(block, element);
  const choose = async (option) => {
    if (await askFirst(element.confirm)) await entered.change(option);
  };
  return html`<div class="choices" role="radiogroup" aria-labelledby=${label?.labelId ?? null} aria-label=${label ? null : "Choices"}
    aria-required=${label?.required ? "true" : null}>
    ${element.options.map((option) => html`<${Choice} kind="radio" name=${name} option=${option} disabled=${entered.disabled}
      chosen=${same(entered.value, option)} onChange=${() => choose(option)} />`)}
  </div>`;
}

export function Checkboxes({ block, element }) {
  const label = useContext(Labelled);
  const entered = useEntered(block, element);
  const toggle = async (option, event) => {
    if (!(await askFirst(element.confirm))) {
      event.target.checked = !event.target.checked;
      return;
    }
    const has = entered.value.some((one) => same(one, option));
    const next = element.options.filter((one) => (same(one, option) ? !has : entered.value.some((old) => same(old, one))));
    await entered.change(next);
  };
  return html`<div class="choices" role="group" aria-labelledby=${label?.labelId ?? null} aria-label=${label ? null : "Choices"}>
    ${element.options.map((option) => html`<${Choice} kind="checkbox" option=${option} invalid=${label?.invalid} disabled=${entered.disabled}
      chosen=${entered.value.some((one) => same(one, option))} onChange=${(event) => toggle(option, event)} />`)}
  </div>`;
}
