// The middle of the page: one conversation.
import { html, useEffect, useState } from "../dom.js";
import { Plain } from "../kit/text.js";
import { Link, Mrkdwn } from "../mrkdwn/show.js";
import { Sign } from "../shell/sign.js";
import { partner, useWorkspace } from "../workspace.js";
import { Avatar } from "./avatar.js";
import { Composer } from "./composer.js";
import { Messages } from "./messages.js";

export const titleOf = (conversation, world) => partner(conversation, world)?.name ?? conversation.name;

export function Channel({ conversation, target, menu }) {
  const { world, server } = useWorkspace();
  const other = partner(conversation, world);
  const messages = world.top(conversation.id);
  const [lastRead] = useState(conversation.last_read ?? null);
  const [sent, setSent] = useState(0);
  useEffect(() => {
    server.loadChannel(conversation.id);
  }, [conversation.id, server]);
  const newest = messages.at(-1)?.ts;
  useEffect(() => {
    const read = () => document.visibilityState === "visible" && server.read(conversation.id);
    read();
    document.addEventListener("visibilitychange", read);
    return () => document.removeEventListener("visibilitychange", read);
  }, [conversation.id, newest, server]);
  const name = titleOf(conversation, world);
  return html`<main class="channel" aria-label=${other ? `Conversation with ${name}` : `Channel ${name}`}>
    <header class="channel-head">
      ${menu}
      <h1>${other ? html`<${Avatar} person=${other} size="small" />` : html`<${Sign} kind=${conversation.kind} />`}${name}</h1>
      ${conversation.topic && html`<div class="topic" title=${conversation.topic}><${Plain} text=${conversation.topic} /></div>`}
      ${!other && html`<span class="members" title=${memberNames(conversation, world)}><span class="faces" aria-hidden="true">${(conversation.members ?? []).slice(0, 3).map((id) => html`<${Avatar} person=${world.people[id]} size="tiny" />`)}</span>
        ${conversation.members?.length ?? 0}<span class="visually-hidden"> members: ${memberNames(conversation, world)}</span></span>`}
    </header>
    ${conversation.bookmarks?.length > 0 && html`<ul class="bookmarks" aria-label="Bookmarks">${conversation.bookmarks.map((one) => html`<li key=${one.id}><${Link} url=${one.link}>${one.emoji && html`<${Plain} text=${one.emoji} /> `}${one.title}<//></li>`)}</ul>`}
    <${Messages} key=${`${world.me}/${conversation.id}`} messages=${messages} label=${`Messages in ${name}`} lastRead=${lastRead} target=${target} me=${world.me} sent=${sent}
      before=${!world.messages[conversation.id] ? null : world.more[conversation.id] ? html`<${Earlier} onMore=${() => server.loadEarlier(conversation.id)} />`
        : html`<${Beginning} conversation=${conversation} name=${name} other=${other} />`} />
    ${conversation.is_member === false && !conversation.is_archived && html`<div class="composer-note">You are looking at <strong>#${name}</strong>.
      <button type="button" class="button small" onClick=${() => server.join(conversation.id)}>Join channel</button></div>`}
    ${conversation.is_member !== false && html`<${Composer} conversation=${conversation} onSend=${() => setSent(sent + 1)} placeholder=${`Message ${other ? name : `#${name}`}`}
      readOnly=${readOnly(conversation, other, world)} />`}
  </main>`;
}

function readOnly(conversation, other, world) {
  if (conversation.is_archived) return "This channel is archived.";
  if (other?.id === world.app?.user_id && world.app.messages_read_only) return "Sending messages to this app has been turned off.";
  return null;
}

const Earlier = ({ onMore }) => html`<div class="earlier"><button type="button" class="button small" onClick=${onMore}>Show earlier messages</button></div>`;

const memberNames = (conversation, world) => (conversation.members ?? []).map((id) => world.people[id]?.name ?? id).join(", ");

function Beginning({ conversation, name, other }) {
  return html`<div class="beginning">
    <h2>${other ? name : html`<span class="hash">#</span> ${name}`}</h2>
    ${other
      ? html`<p>This is the very beginning of your direct messages with <strong>${name}</strong>.</p>`
      : html`<p>This is the very beginning of the <strong>#${name}</strong> channel.</p>`}
    ${conversation.purpose && html`<${Mrkdwn} text=${conversation.purpose} />`}
  </div>`;
}
