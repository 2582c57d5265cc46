// The `markdown` block: standard Markdown. Marked reads it into tokens; we make nodes, so HTML in it stays text.
import { html } from "../dom.js";
import { Link } from "../mrkdwn/show.js";
import { lexer } from "../../vendor/marked.js";
import { Plain } from "./text.js";

export function Markdown({ block }) {
  return html`<div class="block markdown"><${Tokens} tokens=${lexer(String(block.text ?? ""), { gfm: true })} /></div>`;
}

const Tokens = ({ tokens }) => (tokens ?? []).map((token) => html`<${Token} token=${token} />`);

const entities = (text) =>
  text.replace(/&(lt|gt|amp|quot|#39);/g, (_, name) => ({ lt: "<", gt: ">", amp: "&", quot: '"', "#39": "'" })[name]);

const SHOW = {
  space: () => null,
  def: () => null,
  heading: (token) => html`<${`h${Math.min(6, token.depth + 2)}`} class=${`md-heading depth-${token.depth}`}><${Tokens} tokens=${token.tokens} /><//>`,
  paragraph: (token) => html`<p><${Tokens} tokens=${token.tokens} /></p>`,
  text: (token) => (token.tokens ? html`<${Tokens} tokens=${token.tokens} />` : html`<${Plain} text=${entities(token.text)} />`),
  escape: (token) => token.text,
  html: (token) => token.text,
  strong: (token) => html`<strong><${Tokens} tokens=${token.tokens} /></strong>`,
  em: (token) => html`<em><${Tokens} tokens=${token.tokens} /></em>`,
  del: (token) => html`<del><${Tokens} tokens=${token.tokens} /></del>`,
  codespan: (token) => html`<code class="code">${token.text}</code>`,
  code: (token) => html`<pre class="pre" tabindex="0" role="region" aria-label="Code">${token.text}</pre>`,
  br: () => html`<br />`,
  hr: () => html`<hr class="divider" />`,
  link: (token) => html`<${Link} url=${token.href}><${Tokens} tokens=${token.tokens} /><//>`,
  image: (token) => html`<${Link} url=${token.href}>${token.text || token.href}<//>`,
  blockquote: (token) => html`<blockquote class="quote"><${Tokens} tokens=${token.tokens} /></blockquote>`,
  list: (token) => html`<${token.ordered ? "ol" : "ul"} start=${token.ordered ? token.start : null} class="rich-list">
    ${token.items.map((item) => html`<${Item} item=${item} />`)}<//>`,
  table: (token) => html`<div class="table-frame" tabindex="0" role="region" aria-label="Table"><table class="table">
    <thead><tr>${token.header.map((cell) => html`<th scope="col" class=${side(cell)}><${Tokens} tokens=${cell.tokens} /></th>`)}</tr></thead>
    <tbody>${token.rows.map((row) => html`<tr>${row.map((cell) => html`<td class=${side(cell)}><${Tokens} tokens=${cell.tokens} /></td>`)}</tr>`)}</tbody>
  </table></div>`,
};

const side = (cell) => (cell.align && cell.align !== "left" ? `align-${cell.align}` : null);

function Token({ token }) {
  return SHOW[token.type] ? SHOW[token.type](token) : (token.raw ?? "");
}

const Item = ({ item }) => html`<li>
  ${item.task && html`<span role="img" aria-label=${item.checked ? "Done:" : "To do:"}>${item.checked ? "☑ " : "☐ "}</span>`}
  <${Tokens} tokens=${item.tokens.filter((token) => token.type !== "checkbox")} />
</li>`;
