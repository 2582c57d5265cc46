// Tells a screen reader what arrived, and everybody when the line is down.
import { html, useEffect, useRef, useState } from "../dom.js";
import { words } from "../kit/text.js";
import { useWorkspace } from "../workspace.js";

const plain = (text) => words(text ?? "").replace(/<([^|>]*\|)?([^>]*)>/g, "$2").slice(0, 300);

export function Announcer({ where }) {
  const { world } = useWorkspace();
  const seen = useRef(null);
  const [said, setSaid] = useState("");
  const newest = (world.messages[where] ?? []).at(-1);
  useEffect(() => {
    if (!newest) return;
    if (seen.current?.where === where && newest.ts > seen.current.ts && newest.user !== world.me) {
      setSaid(`${(world.people[newest.user] ?? world.author(newest)).name}: ${plain(newest.text)}`);
    }
    seen.current = { where, ts: newest.ts };
  }, [where, newest?.ts]);
  return html`<div class="visually-hidden" aria-live="polite">${said}</div>
    ${world.line === "lost" && html`<div class="line-lost" role="status">Connection lost. Trying again…</div>`}
    ${world.notice && html`<div class="line-lost" role="alert">${world.notice}</div>`}`;
}
