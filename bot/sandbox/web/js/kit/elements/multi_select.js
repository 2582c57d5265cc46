// Several choices: what is chosen stands in front as removable chips.
import { classes, html, useContext, useId, useRef, useState } from "../../dom.js";
import { askFirst } from "../../dialogs/confirm.js";
import { Names } from "../../names.js";
import { Labelled } from "../input.js";
import { useEntered } from "../surface.js";
import { Text, words } from "../text.js";
import { Listbox, moved } from "./listbox.js";
import { useOptions } from "./options.js";
import { Popup } from "./popup.js";
import { asOption } from "./select.js";

export const MULTI = {
  multi_static_select: false,
  multi_external_select: false,
  multi_users_select: true,
  multi_conversations_select: true,
  multi_channels_select: true,
};

export function MultiSelect({ block, element }) {
  const label = useContext(Labelled);
  const names = useContext(Names);
  const id = useId();
  const frame = useRef(null);
  const field = useRef(null);
  const [open, setOpen] = useState(false);
  const [query, setQuery] = useState("");
  const [active, setActive] = useState(0);
  const entered = useEntered(block, element);
  const found = useOptions(block, element, query, open);
  const flat = found.groups.flatMap((group) => group.options);
  const areIds = MULTI[element.type];
  const chosen = areIds ? entered.value.map((one) => asOption(one, names)) : entered.value;
  const full = element.max_selected_items && chosen.length >= element.max_selected_items;

  const put = (options) => entered.change(areIds ? options.map((option) => option.value) : options);
  const toggle = async (option) => {
    const has = chosen.some((one) => one.value === option.value);
    if (!has && full) return;
    setQuery("");
    if (await askFirst(element.confirm)) await put(has ? chosen.filter((one) => one.value !== option.value) : [...chosen, option]);
  };
  const key = (event) => {
    const next = open ? moved(event.key, active, flat.length) : null;
    if (event.key === "Enter") {
      event.preventDefault();
      if (open && flat[active]) toggle(flat[active]);
      else setOpen(true);
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      event.stopPropagation();
      setOpen(false);
    } else if (event.key === "Backspace" && !query && chosen.length) put(chosen.slice(0, -1));
    else if (event.key === "ArrowDown" && !open) setOpen(true);
    else if (next !== null) {
      event.preventDefault();
      setActive(next);
    }
  };
  const type = (event) => {
    setQuery(event.target.value);
    setActive(0);
    setOpen(true);
  };
  const hint = words(element.placeholder) || "Choose options";
  return html`<span class=${classes("select multi", open && "open", entered.busy && "busy")} ref=${frame}>
    <span class="chips">
      ${chosen.map((option) => html`<span class="chip" key=${option.value}><${Text} text=${option.text} />
        <button type="button" class="chip-remove" aria-label=${`Remove ${words(option.text)}`} disabled=${entered.disabled}
          onClick=${() => put(chosen.filter((one) => one.value !== option.value))}>×</button></span>`)}
      <input class="combobox" ref=${field} id=${label?.id} role="combobox" aria-expanded=${open} aria-controls=${open ? `${id}-list` : null}
        aria-autocomplete="list" aria-haspopup="listbox" aria-activedescendant=${open && flat.length ? `${id}-list-${active}` : null}
        aria-label=${label ? null : hint} aria-invalid=${label?.invalid ? "true" : null} aria-describedby=${label?.describedBy ?? null}
        autocomplete="off" placeholder=${chosen.length ? "" : hint} value=${query} disabled=${entered.disabled}
        onClick=${() => setOpen(true)} onInput=${type} onKeyDown=${key} onBlur=${() => setOpen(false)} data-action=${element.action_id} />
    </span>
    ${open && html`<${Popup} anchor=${frame} wide onClose=${() => setOpen(false)}>
      <${Listbox} id=${`${id}-list`} found=${found} active=${active} chosen=${chosen} multiple label=${hint} onChoose=${toggle} onPoint=${setActive} />
      ${full && html`<div class="listbox-word">No more than ${element.max_selected_items} can be chosen.</div>`}
    <//>`}
  </span>`;
}
