// A surface is what holds blocks: a message, a modal, Home. It keeps what people entered until it is sent.
import { createContext, html, useContext, useMemo, useRef, useState } from "../dom.js";
import { blockKey, initialOf, plain, revived } from "./values.js";

const Surface = createContext(null);

/**
 * Gives the blocks below it their memory and their way to the server.
 * `act(blockAction, values)` resolves when the press was taken; `suggest` answers external selects.
 */
export function SurfaceOf({ id, blocks, act, suggest, errors = {}, disabled = false, chosen = {}, children, values: shared }) {
  const [entered, setEntered] = useState({});
  const [pending, setPending] = useState(null);
  const latest = useRef({});
  latest.current = shared ? shared.entered : entered;
  const surface = useMemo(() => {
    const set = (key, value) => (shared ? shared.set(key, value) : setEntered((before) => ({ ...before, [key]: value })));
    return {
      id,
      set,
      press: async (action, value) => {
        const key = `${action.block_id}/${action.action_id}`;
        setPending(key);
        try {
          await act(action, value === undefined ? latest.current : { ...latest.current, [key]: value });
        } finally {
          setPending(null);
        }
      },
      suggest: suggest ?? (async () => []),
    };
  }, [id, act, suggest, shared?.set]);
  const value = { ...surface, entered: latest.current, pending, errors, disabled, chosen, blocks };
  return html`<${Surface.Provider} value=${value}>${children}<//>`;
}

export const useSurface = () => useContext(Surface);

/** What an element holds: what was entered, or what the app put there; and how to change it. */
export function useEntered(block, element) {
  const surface = useSurface();
  const key = `${blockKey(block)}/${element.action_id}`;
  const before = surface.chosen?.[blockKey(block)]?.[element.action_id];
  const value = key in surface.entered ? surface.entered[key] : before === undefined ? initialOf(element) : revived(element, before);
  const stands = block.type !== "input" || block.dispatch_action === true;
  const send = (pressed, entered) => surface.press({ block_id: blockKey(block), action_id: element.action_id, value: pressed }, entered);
  return {
    value,
    set: (next) => surface.set(key, next),
    send,
    change: (next) => {
      surface.set(key, next);
      return stands ? send(plain(next), next) : undefined;
    },
    busy: surface.pending === key,
    disabled: surface.disabled,
  };
}
