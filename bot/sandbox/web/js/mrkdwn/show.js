// The mrkdwn tree as nodes on the page.
import { html, useContext } from "../dom.js";
import { Names } from "../names.js";
import { EMOJI } from "./emoji.js";
import { dated } from "./dates.js";
import { parse } from "./parse.js";

const TAGS = { bold: "strong", italic: "em", strike: "del" };

/** `after` is put at the end of the last line, as Slack does with "(edited)". */
export function Mrkdwn({ text, verbatim, after = null }) {
  const blocks = parse(String(text ?? ""), { verbatim });
  return html`<div class="mrkdwn">${blocks.map((block, at) => html`<${Block} block=${block} after=${at === blocks.length - 1 ? after : null} />`)}</div>`;
}

function Block({ block, after }) {
  if (block.type === "pre") return html`<pre class="pre" tabindex="0" role="region" aria-label="Preformatted text"><${Inline} nodes=${block.children} /></pre>${after}`;
  if (block.type === "quote") return html`<blockquote class="quote"><${Lines} lines=${block.lines} after=${after} /></blockquote>`;
  return html`<${Lines} lines=${block.lines} after=${after} />`;
}

const Lines = ({ lines, after }) => lines.map((line, at) => html`
  <div class=${line.hanging ? "line hanging" : "line"}>${line.children.length ? html`<${Inline} nodes=${line.children} />` : html`<br />`}${at === lines.length - 1 && after}</div>`);

export const Inline = ({ nodes }) => nodes.map((node) => html`<${Node} node=${node} />`);

function Node({ node }) {
  if (node.type === "text") return node.text;
  if (node.type in TAGS) return html`<${TAGS[node.type]}><${Inline} nodes=${node.children} /><//>`;
  if (node.type === "code") return html`<code class="code"><${Inline} nodes=${node.children} /></code>`;
  if (node.type === "link") return html`<${Link} url=${node.url}><${Inline} nodes=${node.children} /><//>`;
  if (node.type === "emoji") return html`<${Emoji} name=${node.name} />`;
  if (node.type === "date") return html`<${DateText} node=${node} />`;
  return html`<${Mention} node=${node} />`;
}

const SAFE = /^(https?:|mailto:|tel:)/i;

export function Link({ url, children, class: className = "link" }) {
  const { follow } = useContext(Names);
  if (!SAFE.test(url)) return children;
  const open = (event) => {
    if (!event.metaKey && !event.ctrlKey && follow(url)) event.preventDefault();
  };
  return html`<a class=${className} href=${url} target="_blank" rel="noopener noreferrer" onClick=${open}>${children}</a>`;
}

export function Emoji({ name }) {
  const glyph = EMOJI[name];
  if (!glyph) return `:${name}:`;
  return html`<span class="emoji" role="img" aria-label=${name.replace(/_/g, " ")} title=${`:${name}:`}>${glyph}</span>`;
}

function DateText({ node }) {
  const text = dated(node.seconds, node.format) ?? node.fallback;
  const time = html`<time dateTime=${new Date(node.seconds * 1000).toISOString()} title=${new Date(node.seconds * 1000).toString()}>${text}</time>`;
  return node.url ? html`<${Link} url=${node.url}>${time}<//>` : time;
}

function Mention({ node }) {
  const names = useContext(Names);
  if (node.type === "channel") {
    const channel = names.conversation(node.id);
    const label = channel?.name ?? node.label ?? node.id;
    return html`<a class="mention" href=${names.linkTo(node.id)} onClick=${names.goTo(node.id)}>#${label}</a>`;
  }
  if (node.type === "user") {
    const mine = node.id === names.me;
    return html`<span class=${mine ? "mention mine" : "mention"}>@${names.person(node.id)?.name ?? node.label ?? node.id}</span>`;
  }
  if (node.type === "group") {
    const group = names.group(node.id);
    const mine = group?.users?.includes(names.me);
    return html`<span class=${mine ? "mention mine" : "mention"}>@${group?.handle ?? node.label?.replace(/^@/, "") ?? node.id}</span>`;
  }
  return html`<span class="mention mine">@${node.range}</span>`;
}
