// A select that can be searched: an editable combobox with a list.
import { classes, html, useContext, useId, useRef, useState } from "../../dom.js";
import { askFirst } from "../../dialogs/confirm.js";
import { Names } from "../../names.js";
import { Labelled } from "../input.js";
import { useEntered } from "../surface.js";
import { words } from "../text.js";
import { Listbox, moved } from "./listbox.js";
import { useOptions } from "./options.js";
import { Popup } from "./popup.js";

/** Whether what is chosen is an id of the workspace, not an option of the app. */
export const SINGLE = {
  static_select: false,
  external_select: false,
  users_select: true,
  conversations_select: true,
  channels_select: true,
};

export function Select({ block, element }) {
  const label = useContext(Labelled);
  const names = useContext(Names);
  const id = useId();
  const field = useRef(null);
  const [open, setOpen] = useState(false);
  const [query, setQuery] = useState("");
  const [active, setActive] = useState(0);
  const entered = useEntered(block, element);
  const found = useOptions(block, element, query, open);
  const flat = found.groups.flatMap((group) => group.options);
  const isId = SINGLE[element.type];
  const chosen = isId && entered.value ? asOption(entered.value, names) : entered.value;

  const show = () => {
    setQuery("");
    setActive(Math.max(0, flat.findIndex((option) => option.value === chosen?.value)));
    setOpen(true);
  };
  const choose = async (option) => {
    setOpen(false);
    setQuery("");
    if (!option || !(await askFirst(element.confirm))) return;
    await entered.change(isId ? option.value : option);
  };
  const key = (event) => {
    if (event.key === "Enter" || (event.key === " " && !open)) {
      event.preventDefault();
      if (open) choose(flat[active]);
      else show();
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      event.stopPropagation();
      setOpen(false);
    } else if (event.key === "ArrowDown" && !open) {
      event.preventDefault();
      show();
    } else {
      const next = open ? moved(event.key, active, flat.length) : null;
      if (next !== null) {
        event.preventDefault();
        setActive(next);
      }
    }
  };
  const type = (event) => {
    setQuery(event.target.value);
    setActive(0);
    setOpen(true);
  };
  const hint = words(element.placeholder) || "Choose an option";
  return html`<span class=${classes("select", open && "open", entered.busy && "busy")}>
    <input class="combobox" ref=${field} id=${label?.id} role="combobox" aria-expanded=${open} aria-controls=${open ? `${id}-list` : null}
      aria-autocomplete="list" aria-haspopup="listbox" aria-activedescendant=${open && flat.length ? `${id}-list-${active}` : null}
      aria-label=${label ? null : hint} aria-invalid=${label?.invalid ? "true" : null} aria-describedby=${label?.describedBy ?? null}
      aria-required=${label?.required ? "true" : null} autocomplete="off" spellcheck="false"
      placeholder=${open && chosen ? words(chosen.text) : hint} value=${open ? query : words(chosen?.text)} title=${open ? null : words(chosen?.text)}
      disabled=${entered.disabled} onClick=${() => !open && show()} onInput=${type} onKeyDown=${key} onBlur=${() => setOpen(false)}
      data-action=${element.action_id} />
    <span class="caret" aria-hidden="true">⌄</span>
    ${open && html`<${Popup} anchor=${field} wide onClose=${() => setOpen(false)}>
      <${Listbox} id=${`${id}-list`} found=${found} active=${active} chosen=${[chosen]} label=${hint} onChoose=${choose} onPoint=${setActive} />
    <//>`}
  </span>`;
}

export function asOption(id, names) {
  const name = names.person(id)?.name ?? (names.conversation(id) ? `#${names.conversation(id).name}` : id);
  return { text: { type: "plain_text", text: name, emoji: false }, value: id };
}
