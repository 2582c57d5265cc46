import { html, useState } from "../dom.js";
import { Element } from "./elements/element.js";
import { Text } from "./text.js";

const LONG = 1400;

export function Section({ block }) {
  const [open, setOpen] = useState(block.expand === true);
  const long = (block.text?.text?.length ?? 0) > LONG;
  const side = block.accessory?.type === "image" ? "with-image" : "with-element";
  return html`<div class=${`block section ${block.accessory ? side : ""}`}>
    <div class="section-body">
      ${block.text && html`<div class=${long && !open ? "clipped" : ""}><${Text} text=${block.text} /></div>`}
      ${long && html`<button type="button" class="more" aria-expanded=${open} onClick=${() => setOpen(!open)}>
        ${open ? "See less" : "See more"}</button>`}
      ${block.fields && html`<div class="fields">${block.fields.map((field) => html`<div class="field"><${Text} text=${field} /></div>`)}</div>`}
    </div>
    ${block.accessory && html`<div class="accessory"><${Element} block=${block} element=${block.accessory} /></div>`}
  </div>`;
}
