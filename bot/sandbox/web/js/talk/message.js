// One message: who, when, what, and what hangs on it.
import { classes, html } from "../dom.js";
import { Blocks } from "../kit/blocks.js";
import { SurfaceOf } from "../kit/surface.js";
import { clock, fullDate, lately } from "../mrkdwn/dates.js";
import { Mrkdwn } from "../mrkdwn/show.js";
import { useWorkspace } from "../workspace.js";
import { Attachments } from "./attachments.js";
import { Avatar } from "./avatar.js";
import { Files } from "./files.js";
import { Reactions } from "./reactions.js";
import { Toolbar } from "./toolbar.js";
import { Trouble } from "./trouble.js";

const QUIET = new Set(["channel_join", "channel_leave", "channel_topic", "channel_purpose", "channel_archive", "channel_name"]);

export function Message({ message, compact = false, inThread = false, highlighted = false }) {
  const { world, server } = useWorkspace();
  const person = world.author(message);
  const quiet = QUIET.has(message.subtype);
  const mine = !quiet && world.mentionsMe(message);
  const look = classes("message", compact && "compact", message.ephemeral && "ephemeral", mine && "mentions", quiet && "quiet", highlighted && "highlighted");
  const time = html`<time class="clock" dateTime=${new Date(message.ts * 1000).toISOString()} title=${fullDate(message.ts)}>${clock(message.ts)}</time>`;
  return html`<li class=${look} data-ts=${message.ts} id=${`m-${inThread ? "t-" : ""}${message.ts}`}>
    ${message.ephemeral && html`<div class="above"><span aria-hidden="true">◉</span> Only visible to you</div>`}
    ${message.pinned && html`<div class="above pinned"><span aria-hidden="true">📌</span> Pinned</div>`}
    ${message.broadcast && !inThread && html`<div class="above">
      <button type="button" class="text-button" onClick=${() => world.open(message.channel, message.thread_ts)}>replied to a thread</button></div>`}
    <div class="message-row">
      <div class="gutter">${compact ? time : html`<${Avatar} person=${person} />`}</div>
      <div class="content">
        ${!compact && html`<div class="who">
          <span class="name">${message.username ?? person.name}</span>
          ${person.is_bot && html`<span class="badge">APP</span>`}
          ${time}
        </div>`}
        <${Body} message=${message} server=${server} me=${world.me} />
        <${Reactions} message=${message} />
        <${Trouble} of=${`${message.channel}/${message.ts}`} />
        ${message.ephemeral && html`<button type="button" class="text-button dismiss" onClick=${() => server.dismiss(message)}>Dismiss message</button>`}
        ${!inThread && !message.ephemeral && message.reply_count > 0 && html`<${Replies} message=${message} world=${world} />`}
      </div>
      ${!quiet && html`<${Toolbar} message=${message} inThread=${inThread} />`}
    </div>
  </li>`;
}

function Body({ message, server, me }) {
  const blocks = message.blocks?.length ? message.blocks : null;
  const edited = message.edited && !blocks && html`<span class="edited" title=${`Edited ${fullDate(message.edited.ts)}`}> (edited)</span>`;
  return html`<div class="body">
    ${blocks
      ? html`<${SurfaceOf} id=${`${message.channel}/${message.ts}`} blocks=${blocks} chosen=${message.chosen}
          act=${(action, entered) => server.press(message, action, entered)} suggest=${(asked) => server.suggest(message, asked)}>
          <${Blocks} blocks=${blocks} /><//>`
      : message.text && html`<div class="says"><${Mrkdwn} text=${message.text} after=${edited} /></div>`}
    ${message.attachments?.length > 0 && html`<${Attachments} message=${message} />`}
    ${message.files?.length > 0 && html`<${Files} files=${message.files} me=${me} />`}
  </div>`;
}

function Replies({ message, world }) {
  const count = message.reply_count;
  const last = message.latest_reply;
  return html`<button type="button" class="replies" onClick=${() => world.open(message.channel, message.ts)}>
    <span class="faces">${(message.reply_users ?? []).slice(0, 4).map((id) => html`<${Avatar} person=${world.people[id]} size="tiny" />`)}</span>
    <strong>${count} ${count === 1 ? "reply" : "replies"}</strong>
    ${last && html`<span class="last-reply">Last reply ${lately(last)}</span>`}
    <span class="view-thread">View thread</span>
  </button>`;
}
