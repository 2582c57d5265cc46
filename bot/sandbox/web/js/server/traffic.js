// The raw traffic as the inspector shows it: a delivery and its acknowledgement are one entry.
import { listen } from "./events.js";

const KEPT = 1000;

export function watchTraffic(change) {
  let newest = 0;
  const line = listen(() => `/control/traffic?since=${newest}`, ["traffic"], {
    onEvent: (_, told) => {
      newest = Math.max(newest, told.id);
      change((known) => (known.some((one) => one.id === told.id) ? known : noted(known, told).slice(-KEPT)));
    },
  });
  return () => line.close();
}

/** Pure: the list with one more thing told. */
export function noted(known, told) {
  if (told.kind !== "ack") return [...known, entryOf(told)];
  const at = known.findLastIndex((one) => one.delivery === told.delivery && one.kind === "envelope");
  if (at < 0) return [...known, entryOf({ ...told, kind: "envelope", type: "acknowledgement" })];
  const acked = told.error
    ? { result: told.error, failed: true }
    : { result: `ack ${milliseconds(told.seconds)}`, failed: false };
  const entry = { ...known[at], ...acked, haystack: undefined, parts: [...known[at].parts, ["acknowledgement", told.payload ?? told.error ?? {}]] };
  return [...known.slice(0, at), entry, ...known.slice(at + 1)];
}

const milliseconds = (seconds) => (seconds === undefined || seconds === null ? "" : `${Math.round(seconds * 1000)} ms`);

const KIND = {
  call: (told) => ({
    kind: "api", name: told.method, note: noteOfCall(told), failed: !told.answer?.ok,
    result: told.answer?.ok ? `ok ${milliseconds(told.seconds)}`.trim() : (told.answer?.error ?? String(told.status)),
    parts: [["arguments", told.arguments], ["answer", told.answer], ["note", told.note || undefined]],
  }),
  envelope: (told) => ({
    kind: "envelope", delivery: told.delivery, name: told.type, note: noteOfEnvelope(told), result: told.retry_attempt ? `retry ${told.retry_attempt}` : "",
    parts: [["envelope", told]],
  }),
  socket: (told) => ({ kind: "envelope", name: `socket ${told.state}`, note: told.reason ?? "", result: "", parts: [["socket", told]] }),
  response_url: (told) => ({
    kind: "api", name: "response_url", note: told.body?.text ?? "", failed: told.status >= 400, result: told.status >= 400 ? String(told.status) : "ok",
    parts: [["body", told.body], ["answer", told.answer], ["address", told.url]],
  }),
};

const entryOf = (told) => ({ id: told.id, at: told.at, ...(KIND[told.kind] ?? KIND.socket)(told) });

function noteOfCall({ arguments: given = {} }) {
  return [given.channel ?? given.channel_id ?? given.user ?? given.user_id, given.text ?? given.name ?? given.view?.title?.text].filter(Boolean).join(" ").slice(0, 120);
}

function noteOfEnvelope({ payload = {} }) {
  const pressed = payload.actions?.[0];
  return [payload.command, payload.text, payload.event?.type, pressed && (pressed.action_id ?? pressed.type), payload.view?.callback_id]
    .filter(Boolean).join(" ").slice(0, 120) || payload.type || "";
}
