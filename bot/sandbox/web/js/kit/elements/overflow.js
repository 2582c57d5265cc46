// The three dots: a menu button.
import { html, useId, useRef, useState } from "../../dom.js";
import { askFirst } from "../../dialogs/confirm.js";
import { useEntered } from "../surface.js";
import { Text } from "../text.js";
import { Popup } from "./popup.js";

export function Overflow({ block, element }) {
  const [open, setOpen] = useState(false);
  const trigger = useRef(null);
  const id = useId();
  const entered = useEntered(block, element);
  const close = () => {
    setOpen(false);
    trigger.current?.focus();
  };
  const choose = async (option) => {
    close();
    if (option.url) window.open(option.url, "_blank", "noopener");
    if (await askFirst(element.confirm)) await entered.send(option.value);
  };
  return html`<span class="overflow">
    <button type="button" class="button dots" ref=${trigger} aria-haspopup="menu" aria-expanded=${open} aria-controls=${open ? id : null}
      aria-label="More actions" disabled=${entered.disabled} aria-busy=${entered.busy ? "true" : null} onClick=${() => setOpen(!open)}>⋯</button>
    ${open && html`<${Popup} anchor=${trigger} onClose=${close}>
      <div role="menu" id=${id} class="menu" onKeyDown=${walk}>
        ${element.options.map((option, at) => html`<button type="button" role="menuitem" class="menu-item" tabindex="-1"
          autofocus=${at === 0} onClick=${() => choose(option)}><${Text} text=${option.text} />
          ${option.description && html`<span class="menu-more"><${Text} text=${option.description} /></span>`}</button>`)}
      </div>
    <//>`}
  </span>`;
}

/** Arrow keys, Home and End move through a menu. */
export function walk(event) {
  const items = [...event.currentTarget.querySelectorAll('[role="menuitem"]')];
  const at = items.indexOf(event.target);
  const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
  if (next === undefined) return;
  event.preventDefault();
  items[(next + items.length) % items.length]?.focus();
}
