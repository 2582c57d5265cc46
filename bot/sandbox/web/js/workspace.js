// What the page knows: one plain object per change, and the questions that components ask of it.
import { createContext, useContext } from "./dom.js";

const Workspace = createContext(null);

export const WorkspaceProvider = Workspace.Provider;

export const useWorkspace = () => useContext(Workspace);

const SLACKBOT = { id: "USLACKBOT", name: "Slackbot", is_bot: true };
const NOBODY = { id: null, name: "Somebody", is_bot: false };

/** Adds the questions to what the server told. */
export function worldOf(state, { open, showJson }) {
  const me = state.people[state.me] ?? NOBODY;
  const groups = Object.values(state.groups).filter((group) => group.users.includes(state.me)).map((group) => group.id);
  const mine = [`<@${state.me}`, "<!here", "<!channel", "<!everyone", ...groups.map((id) => `<!subteam^${id}`)];
  return {
    ...state,
    self: me,
    open,
    showJson,
    author: (message) => state.people[message.user] ?? (message.user === "USLACKBOT" ? SLACKBOT : message.bot_id ? (state.people[state.app?.user_id] ?? { ...NOBODY, name: message.username ?? "App", is_bot: true }) : NOBODY),
    mentionsMe: (message) => message.user !== state.me && mentioned(message, mine, state.me, groups),
    unread: (channel) => counts(state, channel),
    linkTo: (message) => message.permalink ?? `${window.location.origin}/archives/${message.channel}/p${message.ts.replace(".", "")}`
      + (message.thread_ts && message.thread_ts !== message.ts ? `?thread_ts=${message.thread_ts}&cid=${message.channel}` : ""),
    top: (channel) => (state.messages[channel] ?? []).filter(
      (one) => !one.thread_ts || one.thread_ts === one.ts || one.broadcast),
    replies: (channel, ts) => (state.messages[channel] ?? []).filter((one) => one.thread_ts === ts && one.ts !== ts),
    find: (channel, ts) => (state.messages[channel] ?? []).find((one) => one.ts === ts) ?? null,
  };
}

function mentioned(message, marks, me, groups) {
  const text = JSON.stringify([message.text ?? "", message.blocks ?? []]);
  return marks.some((mark) => text.includes(mark))
    || text.includes(`"user_id":"${me}"`) || groups.some((id) => text.includes(`"usergroup_id":"${id}"`));
}

/** The people of a conversation with two: who is on the other side. */
export const partner = (conversation, state) =>
  conversation.kind === "im" ? (state.people[conversation.user] ?? { id: conversation.user, name: conversation.name }) : null;

function counts(state, channel) {
  const one = state.conversations.find((other) => other.id === channel);
  return { unread: one?.unread ?? 0, mentions: one?.mentions ?? 0 };
}
