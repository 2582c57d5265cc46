// A list of messages: days between them, the same speaker's kept together, at its end unless somebody scrolled up.
import { html, useEffect, useLayoutEffect, useRef, useState } from "../dom.js";
import { dayOf, dayTitle } from "../mrkdwn/dates.js";
import { Message } from "./message.js";

const TOGETHER = 300;
const NEAR = 80;

const joins = (message, before) =>
  Boolean(before) && before.user === message.user && !before.ephemeral && !message.ephemeral && !before.subtype && !message.subtype
  && message.ts - before.ts < TOGETHER && dayOf(message.ts) === dayOf(before.ts) && before.username === message.username;

export function Messages({ messages, label, inThread = false, lastRead = null, target = null, me, sent = 0, before = null }) {
  const frame = useRef(null);
  const atEnd = useRef(true);
  const [below, setBelow] = useState(false);
  const newest = messages.at(-1);
  useLayoutEffect(() => {
    const node = frame.current;
    if (atEnd.current) node.scrollTop = node.scrollHeight;
  });
  useEffect(() => {
    const node = frame.current;
    const watcher = new ResizeObserver(() => {
      if (atEnd.current) node.scrollTop = node.scrollHeight;
    });
    watcher.observe(node);
    watcher.observe(node.firstElementChild);
    return () => watcher.disconnect();
  }, []);
  useEffect(() => {
    if (!atEnd.current && newest) setBelow(true);
  }, [newest?.ts]);
  useEffect(() => {
    if (!target) return;
    const node = frame.current.querySelector(`[data-ts="${CSS.escape(target)}"]`);
    if (!node) return;
    atEnd.current = false;
    // The beginning of what is taller than the frame.
    node.scrollIntoView({ block: node.offsetHeight > frame.current.clientHeight ? "start" : "center" });
  }, [target]);
  // The event's own frame: it may come when that has left the page.
  const scrolled = ({ currentTarget: node }) => {
    atEnd.current = node.scrollHeight - node.scrollTop - node.clientHeight < NEAR;
    if (atEnd.current) setBelow(false);
  };
  const toEnd = () => {
    atEnd.current = true;
    frame.current.scrollTop = frame.current.scrollHeight;
    setBelow(false);
  };
  // Whoever says something wants to see what becomes of it.
  useEffect(() => {
    if (sent) toEnd();
  }, [sent]);
  const unreadFrom = lastRead === null ? null : messages.find((one) => one.ts > lastRead && one.user !== me && !one.ephemeral)?.ts;
  return html`<div class="messages" ref=${frame} onScroll=${scrolled} tabindex="0" role="region" aria-label=${label}>
    <div class="messages-inner">
      ${before}
      <ol class="message-list">${messages.flatMap((message, at) => {
        const previous = messages[at - 1];
        const newDay = !inThread && (!previous || dayOf(previous.ts) !== dayOf(message.ts));
        return [
          newDay && html`<li class="day-rule" key=${`rule-${dayOf(message.ts)}`} aria-hidden="true"></li>`,
          newDay && html`<li class="day" key=${`day-${dayOf(message.ts)}`}><span>${dayTitle(message.ts)}</span></li>`,
          message.ts === unreadFrom && html`<li class="unread-line" key="unread"><span>New</span></li>`,
          html`<${Message} key=${message.ts + (message.ephemeral ? "e" : "")} message=${message} inThread=${inThread} highlighted=${message.ts === target}
            compact=${!newDay && message.ts !== unreadFrom && joins(message, previous)} />`,
        ];
      })}</ol>
    </div>
    ${below && html`<button type="button" class="to-end" onClick=${toEnd}>↓ New messages</button>`}
  </div>`;
}
