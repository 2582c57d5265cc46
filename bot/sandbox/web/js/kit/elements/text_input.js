// Text, numbers, addresses.
import { html, useContext, useEffect, useRef } from "../../dom.js";
import { Labelled } from "../input.js";
import { useEntered } from "../surface.js";
import { words } from "../text.js";

const TYPES = { number_input: "text", email_text_input: "email", url_text_input: "url" };

export function TextInput({ block, element }) {
  const label = useContext(Labelled);
  const field = useRef(null);
  const entered = useEntered(block, element);
  const value = entered.value ?? "";
  useEffect(() => {
    if (element.focus_on_load) field.current?.focus();
  }, [element.focus_on_load]);
  const triggers = block.dispatch_action ? (element.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"]) : [];
  const type = (event) => {
    entered.set(event.target.value);
    if (triggers.includes("on_character_entered")) entered.send(event.target.value, event.target.value);
  };
  const key = (event) => {
    if (event.key === "Enter" && !event.shiftKey && triggers.includes("on_enter_pressed")) {
      event.preventDefault();
      entered.send(value, value);
    }
  };
  const common = {
    ref: field, id: label?.id, class: "text-input", value, onInput: type, onKeyDown: key, disabled: entered.disabled,
    placeholder: words(element.placeholder), "aria-invalid": label?.invalid ? "true" : null, "aria-label": label ? null : words(element.placeholder),
    "aria-describedby": label?.describedBy ?? null, "aria-required": label?.required ? "true" : null, autocomplete: "off",
  };
  const left = element.max_length ? element.max_length - value.length : null;
  return html`<div class="text-field">
    ${element.multiline ? html`<textarea rows="4" ...${common}></textarea>` : html`<input type=${TYPES[element.type] ?? "text"}
      inputmode=${element.type === "number_input" ? "decimal" : null} ...${common} />`}
    ${left !== null && left < 40 && html`<span class=${left < 0 ? "left over" : "left"} aria-live="polite">${left}</span>`}
  </div>`;
}
