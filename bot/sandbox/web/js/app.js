// The page: bar, conversations, the one that is open, and the panes beside it.
import { classes, html, useCallback, useEffect, useState } from "./dom.js";
import { ConfirmHost } from "./dialogs/confirm.js";
import { Modal } from "./dialogs/modal.js";
import { Home } from "./home.js";
import { Inspector } from "./inspector/inspector.js";
import { Names } from "./names.js";
import { addressOf, permalink, placeOf } from "./place.js";
import { Announcer } from "./shell/announcer.js";
import { Sidebar } from "./shell/sidebar.js";
import { Topbar } from "./shell/topbar.js";
import { Channel } from "./talk/channel.js";
import { Thread } from "./talk/thread.js";
import { WorkspaceProvider, worldOf } from "./workspace.js";

function usePlace() {
  const [place, setPlace] = useState(placeOf(window.location));
  useEffect(() => {
    const follow = () => setPlace(placeOf(window.location));
    window.addEventListener("popstate", follow);
    window.addEventListener("hashchange", follow);
    return () => {
      window.removeEventListener("popstate", follow);
      window.removeEventListener("hashchange", follow);
    };
  }, []);
  const go = useCallback((change, { replace = false } = {}) => {
    const next = { ...placeOf(window.location), ...change };
    window.history[replace ? "replaceState" : "pushState"](null, "", addressOf(next));
    setPlace(placeOf(window.location));
  }, []);
  return [place, go];
}

export function App({ connect }) {
  const [place, go] = usePlace();
  const [shown, setShown] = useState({ state: null, server: null });
  const [traffic, setTraffic] = useState(false);
  const [json, setJson] = useState(null);
  const [drawer, setDrawer] = useState(false);
  const [target, setTarget] = useState(place.target);
  useEffect(() => {
    const mine = connect(place.as, (state) => setShown({ state, server: mine }));
    return () => mine.close();
  }, [connect, place.as]);
  // Whoever one was stays on the page until the next person's state is there, with the line that belongs to it.
  const { state, server } = shown;
  // Whoever says neither as whom nor where to gets the first person, and what is unread.
  const start = state?.me && !place.where ? firstOf(state.conversations)?.id : null;
  useEffect(() => {
    if (state?.me && (!place.as || start)) go({ as: place.as ?? state.me, ...(start ? { where: start } : {}) }, { replace: true });
  }, [state?.me, place.as, start]);

  const open = useCallback((where, thread = null) => go({ where, thread }), [go]);
  const showJson = useCallback((message) => {
    setJson(message);
    setTraffic(true);
  }, []);
  const follow = useCallback((url) => {
    const found = permalink(url, window.location.origin);
    if (!found) return false;
    setTarget(found.ts);
    go({ where: found.where, thread: found.thread });
    return true;
  }, [go]);

  if (!state?.me) return html`<div class="starting" role="status">${state?.notice ?? "Connecting…"}</div>`;
  const world = worldOf(state, { open, showJson });
  server.listenToCalls(world.mentionsMe);
  const conversation = place.home ? null : (world.conversations.find((one) => one.id === place.where) ?? firstOf(world.conversations));
  const at = { ...place, where: place.home ? "home" : conversation?.id };
  const names = {
    me: world.me,
    person: (id) => world.people[id],
    people: () => Object.values(world.people),
    group: (id) => world.groups[id],
    conversation: (id) => world.conversations.find((one) => one.id === id),
    conversations: () => world.conversations.filter((one) => one.kind !== "im"),
    linkTo: (id) => addressOf({ as: world.me, where: id }),
    goTo: (id) => (event) => {
      event.preventDefault();
      open(id);
    },
    follow,
  };
  const move = (change) => {
    setDrawer(false);
    setTarget(null);
    go(change);
  };
  const menu = html`<button type="button" class="icon-button drawer-button" aria-label="Conversations" aria-expanded=${drawer} aria-controls="sidebar" onClick=${() => setDrawer(!drawer)}>☰</button>`;
  const view = world.views.at(-1);
  const thread = conversation && place.thread;
  return html`<${WorkspaceProvider} value=${{ world, server }}><${Names.Provider} value=${names}>
    <div class=${classes("page", drawer && "drawer-open", thread && "with-thread", traffic && "with-traffic")}>
      <${Topbar} place=${at} go=${move} traffic=${traffic} onTraffic=${() => { setJson(null); setTraffic(!traffic || Boolean(json)); }} />
      <${Sidebar} place=${at} go=${move} onClose=${() => setDrawer(false)} />
      <div class="scrim" onClick=${() => setDrawer(false)}></div>
      ${conversation ? html`<${Channel} key=${conversation.id} conversation=${conversation} target=${thread ? null : target} menu=${menu} />` : html`<${Home} menu=${menu} />`}
      ${thread && html`<${Thread} conversation=${conversation} ts=${place.thread} target=${target} onClose=${() => move({ thread: null })} />`}
      ${traffic && html`<${Inspector} json=${json} onForgetJson=${() => setJson(null)} onClose=${() => setTraffic(false)} />`}
    </div>
    <${Announcer} key=${world.me} where=${at.where} />
    ${view && html`<${Modal} key=${`${world.me}/${view.id}`} view=${view} depth=${world.views.length} onClose=${() => server.closeView(view)} onCloseAll=${() => server.closeViews(world.views)} />`}
    <${ConfirmHost} />
  <//><//>`;
}

function firstOf(conversations) {
  const channels = conversations.filter((one) => one.kind !== "im");
  return channels.find((one) => one.is_member && one.unread) ?? channels.find((one) => one.is_general) ?? channels[0] ?? conversations[0];
}
