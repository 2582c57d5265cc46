// The raw traffic: what the app asks of the workspace, what the workspace sends to the app, and the answers.
import { classes, html, useEffect, useMemo, useRef, useState } from "../dom.js";
import { clockWithSeconds } from "../mrkdwn/dates.js";
import { useWorkspace } from "../workspace.js";
import { JsonTree } from "./json_tree.js";
import { KINDS, matches } from "./traffic.js";

const SHOWN = 300;

export function Inspector({ onClose, json, onForgetJson }) {
  const { world, server } = useWorkspace();
  const [query, setQuery] = useState("");
  const [kind, setKind] = useState("all");
  const [paused, setPaused] = useState(null);
  const list = useRef(null);
  const all = paused ?? world.traffic;
  const shown = useMemo(() => all.filter((one) => matches(one, query, kind)).slice(-SHOWN), [all, query, kind]);
  useEffect(() => server.watchTraffic(), [server]);
  useEffect(() => {
    if (!paused && list.current && !json) list.current.scrollTop = list.current.scrollHeight;
  }, [shown.length, paused]);
  const escape = (event) => event.key === "Escape" && !event.defaultPrevented && onClose();
  return html`<aside class="pane inspector" aria-label="Traffic" onKeyDown=${escape}>
    <header class="pane-head"><h2>${json ? "Message as JSON" : "Traffic"}</h2>
      ${json && html`<button type="button" class="text-button" onClick=${onForgetJson}>Show traffic</button>`}
      <button type="button" class="icon-button" aria-label="Close traffic" onClick=${onClose}>✕</button></header>
    ${json ? html`<div class="traffic-list"><${Detail} value=${json} what="message" /></div>` : html`
    <div class="traffic-tools">
      <input class="text-input" type="search" placeholder="Filter: chat.update, approve, error…" aria-label="Filter the traffic" value=${query} onInput=${(event) => setQuery(event.target.value)} />
      <div class="segments" role="group" aria-label="Kind of traffic">${Object.entries(KINDS).map(([name, word]) => html`<button type="button" aria-pressed=${kind === name} onClick=${() => setKind(name)}>${word}</button>`)}</div>
      <button type="button" class="text-button" aria-pressed=${Boolean(paused)} onClick=${() => setPaused(paused ? null : world.traffic)}>${paused ? "Go on" : "Pause"}</button>
    </div>
    <div class="traffic-list" ref=${list} tabindex="0" role="region" aria-label="Traffic entries">
      ${shown.length ? html`<ol>${shown.map((entry) => html`<${Entry} key=${entry.id} entry=${entry} />`)}</ol>` : html`<p class="quiet-word">Nothing yet.</p>`}
    </div>`}
  </aside>`;
}

function Entry({ entry }) {
  const [open, setOpen] = useState(false);
  return html`<li class=${classes("traffic-entry", entry.failed && "failed")}>
    <button type="button" class="traffic-line" aria-expanded=${open} onClick=${() => setOpen(!open)}>
      <span class=${`arrow ${entry.kind}`} aria-hidden="true">${entry.kind === "api" ? "↑" : "↓"}</span>
      <span class="traffic-name"><span class="visually-hidden">${KINDS[entry.kind] ?? entry.kind}: </span>${entry.name}</span>
      <span class="traffic-note">${entry.note}</span>
      <span class="traffic-result">${entry.result}</span>
      <time>${clockWithSeconds(entry.at)}</time>
    </button>
    ${open && html`<div class="traffic-detail">${entry.parts.map(([what, value]) => value !== undefined && html`<${Detail} what=${what} value=${value} />`)}</div>`}
  </li>`;
}

function Detail({ what, value }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard?.writeText(JSON.stringify(value, null, 2));
    setCopied(true);
    setTimeout(() => setCopied(false), 1500);
  };
  return html`<section class="json"><div class="json-head"><h3>${what}</h3><button type="button" class="text-button" onClick=${copy}>${copied ? "Copied" : "Copy"}</button></div>
    <${JsonTree} value=${value} /></section>`;
}
