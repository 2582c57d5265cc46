// Slack's mrkdwn to a tree. Pure: no DOM, no names; `show.js` makes nodes of it.
import { decode } from "./entities.js";
import { EMOJI } from "./emoji.js";

const MARKS = { "*": "bold", _: "italic", "~": "strike" };
const WORD = /[\p{L}\p{N}]/u;
const URL_HERE = /^https?:\/\/[^\s<>|]+[^\s<>|.,;:!?)\]'"]/;
const EMOJI_HERE = /^:([a-z0-9_+-]+):(?::skin-tone-[2-6]:)?/;
const LIST_ITEM = /^(\s*)(•|◦|▪︎|[-–]|\d{1,3}[.)])\s+/;

/** The blocks of a text: paragraphs of lines, quotes, preformatted pieces. */
export function parse(text, { verbatim = false } = {}) {
  return text.split(/```/).flatMap((piece, at, all) => {
    const fenced = at % 2 === 1 && at < all.length - 1;
    if (fenced) return [{ type: "pre", text: decode(piece.replace(/^\n/, "").replace(/\n$/, "")), children: links(piece) }];
    const open = at % 2 === 1 ? "```" : "";
    return lines(open + trimAround(piece, at, all.length), verbatim);
  });
}

/** A fence swallows the line breaks beside it. */
function trimAround(piece, at, count) {
  const before = at > 0 ? piece.replace(/^\n/, "") : piece;
  return at < count - 1 ? before.replace(/\n$/, "") : before;
}

function lines(text, verbatim) {
  if (!text) return [];
  const blocks = [];
  const rows = text.split("\n");
  for (let at = 0; at < rows.length; at += 1) {
    const rest = /^(?:&gt;|>){3} ?/.exec(rows[at]);
    if (rest) {
      const all = [rows[at].slice(rest[0].length), ...rows.slice(at + 1)];
      blocks.push({ type: "quote", lines: all.map((row) => line(row, verbatim)) });
      break;
    }
    const quoted = /^(?:&gt;|>) ?/.exec(rows[at]);
    const kind = quoted ? "quote" : "text";
    const parsed = line(quoted ? rows[at].slice(quoted[0].length) : rows[at], verbatim);
    const last = blocks.at(-1);
    if (last?.type === kind) last.lines.push(parsed);
    else blocks.push({ type: kind, lines: [parsed] });
  }
  return blocks;
}

function line(text, verbatim) {
  return { hanging: LIST_ITEM.test(text), children: inline(text, verbatim) };
}

/** One line: styles, code, links, mentions, emoji. */
export function inline(text, verbatim = false) {
  const nodes = [];
  let plain = "";
  const flush = () => {
    if (plain) nodes.push({ type: "text", text: decode(plain) });
    plain = "";
  };
  for (let at = 0; at < text.length; ) {
    const found = codeAt(text, at) ?? angleAt(text, at) ?? styleAt(text, at, verbatim) ?? emojiAt(text, at)
      ?? (verbatim ? null : urlAt(text, at));
    if (found) {
      flush();
      nodes.push(found.node);
      at = found.end;
    } else {
      plain += text[at];
      at += 1;
    }
  }
  flush();
  return nodes;
}

function codeAt(text, at) {
  if (text[at] !== "`") return null;
  const end = text.indexOf("`", at + 1);
  if (end <= at + 1) return null;
  return { node: { type: "code", children: links(text.slice(at + 1, end)) }, end: end + 1 };
}

/** Inside code only links and mentions mean something. */
function links(text) {
  const nodes = [];
  let from = 0;
  for (const match of text.matchAll(/<[^<>\n]+>/g)) {
    if (match.index > from) nodes.push({ type: "text", text: decode(text.slice(from, match.index)) });
    nodes.push(angle(match[0].slice(1, -1)));
    from = match.index + match[0].length;
  }
  if (from < text.length) nodes.push({ type: "text", text: decode(text.slice(from)) });
  return nodes;
}

function angleAt(text, at) {
  if (text[at] !== "<") return null;
  const end = text.indexOf(">", at);
  if (end < 0 || end === at + 1) return null;
  const body = text.slice(at + 1, end);
  if (body.includes("<") || body.includes("\n")) return null;
  return { node: angle(body), end: end + 1 };
}

function angle(body) {
  const bar = body.indexOf("|");
  const target = bar < 0 ? body : body.slice(0, bar);
  const label = bar < 0 ? null : decode(body.slice(bar + 1));
  if (/^@[UW]/.test(target)) return { type: "user", id: target.slice(1), label };
  if (/^#[CG]/.test(target)) return { type: "channel", id: target.slice(1), label };
  if (target.startsWith("!subteam^")) return { type: "group", id: target.slice(9), label };
  if (target.startsWith("!date^")) return date(target, label);
  if (/^!(here|channel|everyone)$/.test(target)) return { type: "broadcast", range: target.slice(1) };
  if (/^(https?|mailto|tel|slack):/.test(target)) {
    const url = decode(target);
    return { type: "link", url, children: label === null ? [{ type: "text", text: url.replace(/^mailto:/, "") }] : labelled(label) };
  }
  return { type: "text", text: decode(`<${body}>`) };
}

const labelled = (label) => inline(label.replace(/&/g, "&amp;").replace(/</g, "&lt;"), true);

function date(target, label) {
  const [, stamp, format = "{date_num}", url = null] = target.split("^");
  const seconds = Number(stamp);
  if (!Number.isFinite(seconds)) return { type: "text", text: label ?? "" };
  return { type: "date", seconds, format: decode(format), url: url && decode(url), fallback: label ?? "" };
}

function styleAt(text, at, verbatim) {
  const type = MARKS[text[at]];
  if (!type || !opens(text, at)) return null;
  const end = closing(text, at);
  if (end < 0) return null;
  return { node: { type, children: inline(text.slice(at + 1, end), verbatim) }, end: end + 1 };
}

function opens(text, at) {
  const before = text[at - 1];
  const after = text[at + 1];
  return !(before && WORD.test(before)) && after !== undefined && !/\s/.test(after) && after !== text[at];
}

function closing(text, from) {
  const mark = text[from];
  for (let at = from + 1; at < text.length; at += 1) {
    const skipped = codeAt(text, at) ?? angleAt(text, at);
    if (skipped) at = skipped.end - 1;
    else if (text[at] === mark && at > from + 1 && !/\s/.test(text[at - 1]) && !(text[at + 1] && WORD.test(text[at + 1]))) return at;
  }
  return -1;
}

function emojiAt(text, at) {
  if (text[at] !== ":") return null;
  const match = EMOJI_HERE.exec(text.slice(at, at + 80));
  if (!match || !(match[1] in EMOJI)) return null;
  return { node: { type: "emoji", name: match[1] }, end: at + match[0].length };
}

function urlAt(text, at) {
  if (text[at] !== "h" || (text[at - 1] && WORD.test(text[at - 1]))) return null;
  const match = URL_HERE.exec(text.slice(at));
  if (!match) return null;
  const url = decode(match[0]);
  return { node: { type: "link", url, children: [{ type: "text", text: url }] }, end: at + match[0].length };
}
