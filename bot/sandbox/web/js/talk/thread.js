// The pane beside: a message and its replies.
import { html, useEffect, useRef, useState } from "../dom.js";
import { useWorkspace } from "../workspace.js";
import { Composer } from "./composer.js";
import { Messages } from "./messages.js";
import { titleOf } from "./channel.js";

export function Thread({ conversation, ts, target, onClose }) {
  const { world, server } = useWorkspace();
  const frame = useRef(null);
  const [sent, setSent] = useState(0);
  const parent = world.find(conversation.id, ts);
  const replies = world.replies(conversation.id, ts);
  useEffect(() => {
    server.loadThread(conversation.id, ts);
  }, [conversation.id, ts, server]);
  useEffect(() => frame.current?.querySelector(".thread-close")?.focus({ preventScroll: true }), [ts]);
  const name = titleOf(conversation, world);
  const escape = (event) => event.key === "Escape" && !event.defaultPrevented && onClose();
  const count = html`<div class="reply-count" hidden=${!replies.length}><span>${replies.length} ${replies.length === 1 ? "reply" : "replies"}</span></div>`;
  return html`<aside class="pane thread" aria-label=${`Thread in ${name}`} ref=${frame} onKeyDown=${escape}>
    <header class="pane-head"><h2>Thread <span class="pane-where">${conversation.kind === "im" ? name : `#${name}`}</span></h2>
      <button type="button" class="icon-button thread-close" aria-label="Close thread" onClick=${onClose}>✕</button></header>
    <${Messages} key=${ts} messages=${[...(parent ? [parent] : []), ...replies]} label="Thread" inThread target=${target} me=${world.me} sent=${sent} before=${count} />
    <${Composer} conversation=${conversation} thread=${ts} onSend=${() => setSent(sent + 1)} placeholder="Reply…" />
  </aside>`;
}
