// One renderer per interactive element.
import { html } from "../../dom.js";
import { Unknown } from "../unknown.js";
import { Button } from "./button.js";
import { Checkboxes, RadioButtons } from "./choices.js";
import { DateTimePicker, Datepicker, Timepicker } from "./pickers.js";
import { Overflow } from "./overflow.js";
import { MULTI, MultiSelect } from "./multi_select.js";
import { SINGLE, Select } from "./select.js";
import { TextInput } from "./text_input.js";

const Picture = ({ element }) => html`<img class="accessory-image" src=${element.image_url} alt=${element.alt_text} />`;

export const ELEMENTS = {
  button: Button,
  checkboxes: Checkboxes,
  datepicker: Datepicker,
  datetimepicker: DateTimePicker,
  email_text_input: TextInput,
  image: Picture,
  number_input: TextInput,
  overflow: Overflow,
  plain_text_input: TextInput,
  radio_buttons: RadioButtons,
  timepicker: Timepicker,
  url_text_input: TextInput,
  workflow_button: Button,
  ...Object.fromEntries(Object.keys(SINGLE).map((type) => [type, Select])),
  ...Object.fromEntries(Object.keys(MULTI).map((type) => [type, MultiSelect])),
};

export function Element({ block, element }) {
  const Known = ELEMENTS[element?.type];
  return Known ? html`<${Known} block=${block} element=${element} />` : html`<${Unknown} what="element" of=${element} />`;
}
