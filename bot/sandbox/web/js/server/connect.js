// The page's end of the line: keeps the state of one person, and does what they do.
import { heldValues, plain } from "../kit/values.js";
import { apiAs } from "./api.js";
import { listen } from "./events.js";
import { watchTraffic } from "./traffic.js";
import { EVENTS, keyed, merged, peopleOf, told } from "./told.js";

/** What the app's silence already shows elsewhere, as Slack does: no second word about it. */
const SHOWN_ELSEWHERE = new Set(["operation_timeout", "dispatch_failed"]);
const NOTICE = 6000;

export function connect(as, show) {
  const api = apiAs(as);
  let state = null;
  let closed = false;
  let cursor = 0;
  let noticeTimer = null;
  const loading = new Map();
  const put = (change) => {
    if (closed || !state) return;
    state = { ...state, ...change };
    show(state);
  };
  const notice = (text) => {
    put({ notice: text });
    clearTimeout(noticeTimer);
    noticeTimer = setTimeout(() => put({ notice: null }), NOTICE);
  };

  const load = async () => {
    const fresh = await api.state();
    cursor = fresh.cursor;
    const before = state;
    state = {
      ...first(fresh), traffic: before?.traffic ?? [], troubles: before?.troubles ?? {}, messages: {}, more: {}, line: "live",
      calls: before?.calls ?? (() => false),
    };
    const wanted = [...loading.keys()];
    loading.clear();
    await Promise.all(wanted.map((key) => fetchInto(...key.split("/"))));
    put({});
  };
  const fetchInto = (channel, thread) => {
    const key = thread ? `${channel}/${thread}` : channel;
    if (!loading.has(key)) {
      loading.set(key, (thread ? api.thread(channel, thread) : api.messages(channel)).then((answer) => {
        const messages = { ...state.messages, [channel]: merged(answer.messages, (state.messages[channel] ?? [])) };
        put({ messages, ...(thread ? {} : { more: { ...state.more, [channel]: answer.has_more } }) });
      }, (error) => {
        loading.delete(key);
        notice(error.message);
      }));
    }
    return loading.get(key);
  };

  const line = listen(
    async () => {
      await load();
      return `/control/events?as=${encodeURIComponent(state.me)}&since=${cursor}`;
    },
    EVENTS,
    {
      onEvent: (type, data) => {
        if (type === "reset") line.restart();
        else put(told(state, type, data));
      },
      onLost: () => (state ? put({ line: "lost" }) : show({ notice: "Waiting for the workspace…" })),
    },
  );

  const act = async (name, details) => {
    const answer = await api.act(name, details);
    if (!answer.ok && !SHOWN_ELSEWHERE.has(answer.error) && name !== "read") notice(answer.message ?? answer.error);
    return answer;
  };
  const troubled = (key, text) => put({ troubles: { ...state.troubles, [key]: text } });
  const pressed = async (key, details) => {
    troubled(key, null);
    const answer = await api.act("press", details);
    if (!answer.ok) troubled(key, answer.message ?? answer.error);
    return answer.ok;
  };

  return {
    close: () => {
      closed = true;
      line.close();
    },
    listenToCalls: (calls) => {
      if (state) state.calls = calls;
    },
    loadChannel: (channel) => fetchInto(channel),
    loadThread: (channel, ts) => fetchInto(channel, ts),
    loadEarlier: async (channel) => {
      const oldest = (state.messages[channel] ?? []).find((one) => !one.thread_ts || one.thread_ts === one.ts)?.ts;
      const answer = await api.messages(channel, oldest);
      put({ messages: { ...state.messages, [channel]: merged(answer.messages, state.messages[channel]) }, more: { ...state.more, [channel]: answer.has_more } });
    },
    read: (channel) => {
      const one = state.conversations.find((other) => other.id === channel);
      const latest = (state.messages[channel] ?? []).findLast((message) => !message.ephemeral)?.ts;
      if (latest && (one?.unread || one?.mentions || !one?.last_read || one.last_read < latest)) api.act("read", { channel, ts: latest });
    },
    say: async (channel, text, thread) => (await act("post", { channel, text, ...(thread ? { thread_ts: thread } : {}) })).ok,
    command: async (channel, text) => {
      const answer = await act("command", { channel, text });
      return answer.ok || SHOWN_ELSEWHERE.has(answer.error);
    },
    press: async (message, action, entered) => {
      const place = { channel: message.channel, ts: message.ts };
      const inputs = new Set((message.blocks ?? []).filter((block) => block.type === "input").map((block) => block.block_id));
      for (const [key, value] of Object.entries(entered)) {
        const [block_id, action_id] = key.split("/");
        if (inputs.has(block_id) && block_id !== action.block_id) await api.act("fill", { ...place, block_id, action_id, value: plain(value) });
      }
      return pressed(`${message.channel}/${message.ts}`, { ...place, ...bare(action) });
    },
    pressInView: (view, action, entered) => pressed(`view/${view.id}`, { view_id: view.id, values: heldValues(view.blocks, entered), ...bare(action) }),
    suggest: async (message, asked) => suggestions(await api.act("suggest", { channel: message.channel, ts: message.ts, ...asked })),
    suggestInView: async (view, asked) => suggestions(await api.act("suggest", { view_id: view.id, ...asked })),
    submit: async (view, entered) => {
      const answer = await api.act("submit", { view_id: view.id, values: heldValues(view.blocks, entered) });
      if (!answer.ok && !answer.errors) troubled(`view/${view.id}`, answer.message ?? answer.error);
      return answer;
    },
    closeView: (view) => act("close", { view_id: view.id }),
    closeViews: () => act("close", { clear: true }),
    openHome: () => act("home", { tab: "home" }),
    openDirect: async (user) => (await act("open_dm", { user })).channel,
    join: (channel) => act("join", { channel }),
    react: (message, name, remove) => act("react", { channel: message.channel, ts: message.ts, name, remove }),
    dismiss: (message) => put(told(state, "message_deleted", message)),
    forgetTrouble: (key) => troubled(key, null),
    watchTraffic: () => watchTraffic((change) => put({ traffic: change(state.traffic) })),
  };
}

const bare = ({ block_id, action_id, value }) => ({ block_id, action_id, ...(value === undefined ? {} : { value }) });

function suggestions(answer) {
  if (!answer.ok) throw new Error(answer.message ?? answer.error);
  return answer.option_groups?.length ? { option_groups: answer.option_groups } : { options: answer.options ?? [] };
}

function first(fresh) {
  return {
    me: fresh.me, team: fresh.team, app: fresh.app, people: peopleOf(fresh.people), groups: keyed(fresh.groups), conversations: fresh.channels,
    views: fresh.views, home: fresh.home, commands: fresh.app?.commands ?? [], notice: null,
  };
}
