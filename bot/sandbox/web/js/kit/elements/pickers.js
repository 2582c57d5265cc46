// Dates and times: the browser's own pickers, which keyboards and screen readers know.
import { html, useContext } from "../../dom.js";
import { askFirst } from "../../dialogs/confirm.js";
import { Labelled } from "../input.js";
import { useEntered } from "../surface.js";
import { words } from "../text.js";

function Picker({ block, element, type, read, write }) {
  const label = useContext(Labelled);
  const entered = useEntered(block, element);
  const pick = async (event) => {
    const next = read(event.target.value);
    if (await askFirst(element.confirm)) await entered.change(next);
  };
  return html`<input type=${type} class="picker" id=${label?.id} value=${write(entered.value)} onChange=${pick} disabled=${entered.disabled}
    aria-label=${label ? null : words(element.placeholder) || "Pick"} aria-invalid=${label?.invalid ? "true" : null}
    aria-describedby=${label?.describedBy ?? null} aria-required=${label?.required ? "true" : null} />`;
}

const asIs = (value) => value || null;
const orEmpty = (value) => value ?? "";

export const Datepicker = ({ block, element }) => html`<${Picker} block=${block} element=${element} type="date"
  read=${asIs} write=${orEmpty} />`;

export const Timepicker = ({ block, element }) => html`<${Picker} block=${block} element=${element} type="time"
  read=${asIs} write=${orEmpty} />`;

const toLocal = (seconds) => {
  if (!seconds) return "";
  const date = new Date(seconds * 1000);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
};

export const DateTimePicker = ({ block, element }) => html`<${Picker} block=${block} element=${element} type="datetime-local"
  read=${(value) => (value ? Math.floor(new Date(value).getTime() / 1000) : null)}
  write=${toLocal} />`;
