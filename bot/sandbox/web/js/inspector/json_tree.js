// JSON that opens and closes.
import { html, useState } from "../dom.js";

const DEEP = 2;

export function JsonTree({ value, name = null, depth = 0, last = true }) {
  const [open, setOpen] = useState(depth < DEEP);
  const label = name === null ? null : html`<span class="json-key">${JSON.stringify(name)}</span>: `;
  const comma = last ? "" : ",";
  if (value === null || typeof value !== "object") {
    return html`<div class="json-row">${label}<span class=${`json-${value === null ? "null" : typeof value}`}>${JSON.stringify(value) ?? "null"}</span>${comma}</div>`;
  }
  const list = Array.isArray(value);
  const keys = Object.keys(value);
  const [start, end] = list ? ["[", "]"] : ["{", "}"];
  if (!keys.length) return html`<div class="json-row">${label}${start}${end}${comma}</div>`;
  const more = list ? `${keys.length} items` : keys.slice(0, 4).join(", ");
  return html`<div class="json-row">
    <button type="button" class="json-toggle" aria-expanded=${open} onClick=${() => setOpen(!open)}>
      <span aria-hidden="true">${open ? "▾" : "▸"}</span>${label}${start}${!open && html`<span class="json-more"> ${more} </span>${end}${comma}`}</button>
    ${open && html`<div class="json-inner">${keys.map((key, at) => html`<${JsonTree} key=${key} value=${value[key]} name=${list ? null : key} depth=${depth + 1} last=${at === keys.length - 1} />`)}</div>${end}${comma}`}
  </div>`;
}
