// Tables: `table`, cells of raw or rich text; and `data_table`, with a caption, a row header and pages.
import { html, useState } from "../dom.js";
import { RichElements } from "./rich_text.js";
import { Plain } from "./text.js";

const PAGE = 10;

function Cell({ cell }) {
  if (!cell) return null;
  if (cell.type === "rich_text") return html`<${RichElements} elements=${cell.elements} />`;
  if (cell.type === "raw_number") return html`${cell.text ?? new Intl.NumberFormat().format(cell.number ?? cell.value)}`;
  return html`<${Plain} text=${cell.text ?? ""} />`;
}

const align = (setting) => (setting?.align && setting.align !== "left" ? `align-${setting.align}` : null);

export function Table({ block }) {
  const settings = block.column_settings ?? [];
  const [head, ...rows] = block.rows;
  const look = (at) => [align(settings[at]), settings[at]?.is_wrapped ? "wrapped" : null].filter(Boolean).join(" ");
  return html`<div class="block table-frame" tabindex="0" role="region" aria-label="Table"><table class="table">
    <thead><tr>${head.map((cell, at) => html`<th scope="col" class=${look(at)}><${Cell} cell=${cell} /></th>`)}</tr></thead>
    <tbody>${rows.map((row) => html`<tr>${row.map((cell, at) => html`<td class=${look(at)}><${Cell} cell=${cell} /></td>`)}</tr>`)}</tbody>
  </table></div>`;
}

export function DataTable({ block }) {
  const [page, setPage] = useState(0);
  const [head, ...rows] = block.rows;
  const size = block.page_size ?? PAGE;
  const pages = Math.max(1, Math.ceil(rows.length / size));
  const shown = rows.slice(page * size, (page + 1) * size);
  const numeric = (cell) => (cell?.type === "raw_number" ? "align-right" : null);
  return html`<div class="block data-table">
    <div class="table-frame" tabindex="0" role="region" aria-label=${block.caption ?? "Table"}><table class="table">
      ${block.caption && html`<caption>${block.caption}</caption>`}
      <thead><tr>${head.map((cell, at) => html`<th scope="col" class=${numeric(rows[0]?.[at])}><${Cell} cell=${cell} /></th>`)}</tr></thead>
      <tbody>${shown.map((row) => html`<tr>${row.map((cell, at) => at === (block.row_header_column_index ?? 0)
        ? html`<th scope="row"><${Cell} cell=${cell} /></th>`
        : html`<td class=${numeric(cell)}><${Cell} cell=${cell} /></td>`)}</tr>`)}</tbody>
    </table></div>
    ${pages > 1 && html`<div class="pager" role="group" aria-label="Pages of the table">
      <button type="button" class="button small" disabled=${page === 0} onClick=${() => setPage(page - 1)}>Previous</button>
      <span aria-live="polite">Page ${page + 1} of ${pages}</span>
      <button type="button" class="button small" disabled=${page === pages - 1} onClick=${() => setPage(page + 1)}>Next</button>
    </div>`}
  </div>`;
}
