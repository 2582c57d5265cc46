// What an event changes in what the page knows. Pure: state and event in, state out.

export const EVENTS = [
  "message", "message_changed", "message_deleted", "channel", "channel_gone", "people", "view_opened", "view_pushed", "view_updated",
  "view_closed", "view_errors", "view_failed", "press_failed", "home", "read", "app", "reset",
];

const byTs = (one, other) => (one.ts < other.ts ? -1 : 1);
const same = (one, other) => one.ts === other.ts && Boolean(one.ephemeral) === Boolean(other.ephemeral);

/** Messages put among those that are known: each once, the newest word about it, in order. */
export function merged(known, more) {
  const kept = (known ?? []).filter((one) => !more.some((other) => same(one, other)));
  return [...kept, ...more].sort(byTs);
}

const put = (state, message) => ({ ...state, messages: { ...state.messages, [message.channel]: merged(state.messages[message.channel], [message]) } });

function counted(state, message) {
  const reply = message.thread_ts && message.thread_ts !== message.ts && !message.broadcast;
  if (message.user === state.me || message.ephemeral || reply) return state;
  return withConversation(state, message.channel, (one) => ({
    unread: (one.unread ?? 0) + 1, mentions: (one.mentions ?? 0) + (state.calls(message) || one.kind === "im" ? 1 : 0), latest: message.ts,
  }));
}

function withConversation(state, id, change) {
  return { ...state, conversations: state.conversations.map((one) => (one.id === id ? { ...one, ...change(one) } : one)) };
}

function knownOrNew(state, channel) {
  const known = state.conversations.some((one) => one.id === channel.id);
  return { ...state, conversations: known ? state.conversations.map((one) => (one.id === channel.id ? channel : one)) : [...state.conversations, channel] };
}

const TOLD = {
  message: (state, { message }) => counted(put(state, message), message),
  message_changed: (state, { message }) => put(state, message),
  message_deleted: (state, { channel, ts, ephemeral }) => ({ ...state, messages: {
    ...state.messages, [channel]: (state.messages[channel] ?? []).filter((one) => !same(one, { ts, ephemeral })),
  } }),
  channel: (state, { channel }) => knownOrNew(state, channel),
  channel_gone: (state, { channel }) => ({ ...state, conversations: state.conversations.filter((one) => one.id !== channel) }),
  people: (state, { people, groups }) => ({ ...state, people: peopleOf(people), groups: keyed(groups) }),
  view_opened: (state, { views }) => ({ ...state, views }),
  view_pushed: (state, { views }) => ({ ...state, views }),
  view_updated: (state, { views }) => ({ ...state, views }),
  view_closed: (state, { views }) => ({ ...state, views }),
  view_errors: (state, { view_id, errors }) => ({ ...state, views: state.views.map((view) => (view.id === view_id ? { ...view, errors } : view)) }),
  view_failed: (state, { view_id, message }) => ({ ...state, troubles: { ...state.troubles, [`view/${view_id}`]: message } }),
  press_failed: (state, { channel, ts, view_id, message }) => ({
    ...state, troubles: { ...state.troubles, [view_id ? `view/${view_id}` : `${channel}/${ts}`]: message },
  }),
  home: (state, { view }) => ({ ...state, home: view }),
  read: (state, { channel, last_read, unread, mentions }) => withConversation(state, channel, () => ({ last_read, unread, mentions })),
  app: (state, { app }) => ({ ...state, app }),
};

export const told = (state, type, data) => (TOLD[type] ? TOLD[type](state, data) : state);

export const keyed = (list) => Object.fromEntries((list ?? []).map((one) => [one.id, one]));

/** People as the page names them: the name that is shown, and the handle that is typed. Slackbot, whom Slack calls a person, is nobody to be. */
export const peopleOf = (list) => keyed((list ?? []).map((one) => ({ ...one, handle: one.name, name: one.real_name || one.name, is_bot: one.is_bot || one.id === "USLACKBOT" })));
