// Slack's rich_text: sections, lists, quotes, preformatted text.
import { html } from "../dom.js";
import { Inline } from "../mrkdwn/show.js";
import { EMOJI } from "../mrkdwn/emoji.js";
import { Unknown } from "./unknown.js";

export const RichText = ({ block }) => html`<div class="block rich-text"><${RichElements} elements=${block.elements} /></div>`;

export const RichElements = ({ elements }) => (elements ?? []).map((element) => html`<${RichElement} element=${element} />`);


function RichElement({ element }) {
  if (element.type === "rich_text_section") return html`<div class="rich-section"><${Pieces} pieces=${element.elements} /></div>`;
  if (element.type === "rich_text_quote") return html`<blockquote class="quote"><${Pieces} pieces=${element.elements} /></blockquote>`;
  if (element.type === "rich_text_preformatted") {
    return html`<pre class="pre" tabindex="0" role="region" aria-label="Preformatted text"><${Pieces} pieces=${element.elements} /></pre>`;
  }
  if (element.type === "rich_text_list") return html`<${List} element=${element} />`;
  return html`<${Unknown} what="rich text" of=${element} />`;
}

function List({ element }) {
  const tag = element.style === "ordered" ? "ol" : "ul";
  return html`<${tag} class=${`rich-list indent-${Math.min(8, element.indent ?? 0)}`} start=${tag === "ol" ? 1 + (element.offset ?? 0) : null}>
    ${element.elements.map((item) => html`<li><${Pieces} pieces=${item.elements} /></li>`)}
  <//>`;
}

const Pieces = ({ pieces }) => (pieces ?? []).map((piece) => html`<${Piece} piece=${piece} />`);

const STYLES = { bold: "bold", italic: "italic", strike: "strike" };

function Piece({ piece }) {
  const node = nodeOf(piece);
  if (!node) return html`<${Unknown} what="rich text element" of=${piece} />`;
  const styled = Object.keys(STYLES).reduce(
    (inner, name) => (piece.style?.[name] ? { type: STYLES[name], children: [inner] } : inner),
    piece.style?.code ? { type: "code", children: [node] } : node,
  );
  return html`<${Inline} nodes=${[styled]} />`;
}

function nodeOf(piece) {
  switch (piece.type) {
    case "text": return { type: "text", text: piece.text };
    case "emoji": return piece.name in EMOJI ? { type: "emoji", name: piece.name } : { type: "text", text: `:${piece.name}:` };
    case "link": return { type: "link", url: piece.url, children: [{ type: "text", text: piece.text ?? piece.url }] };
    case "user": return { type: "user", id: piece.user_id };
    case "channel": return { type: "channel", id: piece.channel_id };
    case "usergroup": return { type: "group", id: piece.usergroup_id };
    case "broadcast": return { type: "broadcast", range: piece.range };
    case "date": return { type: "date", seconds: piece.timestamp, format: piece.format, url: piece.url, fallback: piece.fallback ?? "" };
    case "color": return { type: "code", children: [{ type: "text", text: piece.value }] };
    default: return null;
  }
}
