// Conversations, people, the app: what is unread stands out.
import { classes, html } from "../dom.js";
import { addressOf } from "../place.js";
import { Avatar } from "../talk/avatar.js";
import { partner, useWorkspace } from "../workspace.js";
import { Sign } from "./sign.js";

export function Sidebar({ place, go, onClose }) {
  const { world, server } = useWorkspace();
  const channels = world.conversations.filter((one) => one.kind !== "im" && !one.is_archived && (one.is_member || one.kind === "public"));
  const all = world.conversations.filter((one) => one.kind === "im");
  const direct = all.filter((one) => one.user !== world.app?.user_id);
  const ofApp = all.find((one) => one.user === world.app?.user_id);
  const met = new Set([world.me, ...direct.map((one) => one.user)]);
  const others = Object.values(world.people).filter((one) => !met.has(one.id) && !one.is_bot && !one.deleted && !one.is_stranger);
  return html`<nav class="sidebar" aria-label="Conversations" id="sidebar">
    <div class="workspace-name"><span>${world.team.name}</span>
      <button type="button" class="icon-button sidebar-close" aria-label="Close the list of conversations" onClick=${onClose}>✕</button></div>
    <${Group} title="Channels">${channels.map((one) => html`<${Entry} key=${one.id} one=${one} place=${place} go=${go} world=${world}
      sign=${html`<${Sign} kind=${one.kind} />`} name=${one.name} />`)}<//>
    ${direct.length + others.length > 0 && html`<${Group} title="Direct messages">${direct.map((one) => html`<${Entry} key=${one.id} one=${one} place=${place} go=${go} world=${world}
      sign=${html`<${Avatar} person=${partner(one, world)} size="tiny" />`} name=${partner(one, world)?.name ?? one.name} />`)}
      ${others.map((one) => html`<${Row} key=${one.id} here=${false} href=${addressOf({ as: world.me })} onGo=${async () => go({ where: await server.openDirect(one.id), thread: null })}>
        <${Avatar} person=${one} size="tiny" /><span class="entry-name">${one.name}</span><//>`)}<//>`}
    ${world.app && html`<${Group} title="Apps">
      <${Row} here=${place.home} href=${addressOf({ as: world.me, where: "home" })} onGo=${() => go({ where: "home", thread: null })}>
        <${Avatar} person=${{ ...world.app, is_bot: true }} size="tiny" /><span class="entry-name">${world.app.name}</span><span class="entry-tab">Home</span><//>
      ${ofApp && html`<${Entry} one=${ofApp} place=${place} go=${go} world=${world} sign=${html`<span class="indented"></span>`} name="Messages" />`}
    <//>`}
  </nav>`;
}

const Group = ({ title, children }) => html`<section class="sidebar-group"><h2>${title}</h2><ul>${children}</ul></section>`;

const Row = ({ here, href, onGo, unread = false, children }) => html`<li><a class=${classes("entry", here && "here", unread && "unread")} href=${href}
  aria-current=${here ? "page" : null} onClick=${(event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    onGo();
  }}>${children}</a></li>`;

function Entry({ one, place, go, world, sign, name }) {
  const here = place.where === one.id;
  const { unread, mentions } = here ? { unread: 0, mentions: 0 } : world.unread(one.id);
  return html`<${Row} here=${here} unread=${unread > 0} href=${addressOf({ as: world.me, where: one.id })} onGo=${() => go({ where: one.id, thread: null })}>
    ${sign}<span class="entry-name">${name}</span>
    ${mentions > 0 ? html`<span class="count" title="Mentions">${mentions}<span class="visually-hidden"> ${mentions === 1 ? "mention" : "mentions"}</span></span>`
      : unread > 0 && html`<span class="visually-hidden"> unread</span>`}
  <//>`;
}
