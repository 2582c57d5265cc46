// The page on a workspace that is only data: to look at every block without a server. What people do is kept in `window.acts`.
import { App } from "/js/app.js";
import { html, render } from "/js/dom.js";
import { heldValues, plain } from "/js/kit/values.js";
import { applyLook } from "/js/look.js";

applyLook();
window.acts = [];
const did = (...act) => {
  window.acts.push(act);
  document.body.dataset.acts = window.acts.length;
};
const world = await (await fetch("/world.json")).json();

function connect(as, show) {
  let state = { more: {}, troubles: {}, traffic: [], views: [], home: null, notice: null, line: "live", ...world, me: as ?? world.me };
  const put = (change) => show((state = { ...state, ...change }));
  window.tell = put;
  queueMicrotask(() => put({}));
  const nothing = () => undefined;
  const note = (name) => async (...what) => {
    did(name, ...what);
    return true;
  };
  return {
    close: nothing, listenToCalls: nothing, loadChannel: nothing, loadThread: nothing, loadEarlier: nothing, read: nothing, openHome: nothing,
    watchTraffic: () => nothing, forgetTrouble: nothing, dismiss: note("dismiss"), openDirect: note("openDirect"), join: note("join"),
    react: note("react"), say: note("say"), command: note("command"),
    press: (message, action) => note("press")(action.action_id, plain(action.value)),
    pressInView: (view, action, entered) => note("pressInView")(action.action_id, plain(action.value), heldValues(view.blocks, entered)),
    suggest: async (message, asked) => (world.suggestions ?? { options: [] }),
    suggestInView: async (view, asked) => (world.suggestions ?? { options: [] }),
    submit: async (view, entered) => {
      did("submit", heldValues(view.blocks, entered));
      return world.submitAnswer ?? { ok: true };
    },
    closeView: (view) => put({ views: state.views.filter((one) => one !== view) }),
    closeViews: () => put({ views: [] }),
  };
}

render(html`<${App} connect=${connect} />`, document.getElementById("page"));
