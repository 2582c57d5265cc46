// The control interface of the local Slack, as one person.

const json = async (answer) => {
  const body = await answer.json().catch(() => ({ ok: false, error: `http_${answer.status}`, message: `The workspace answered ${answer.status}.` }));
  return body;
};

export function apiAs(as) {
  const get = async (path, query = {}) => {
    const asked = new URLSearchParams(as ? { as, ...query } : query);
    const answer = await json(await fetch(`/control/${path}?${asked}`));
    if (!answer.ok) throw new Error(answer.message ?? answer.error);
    return answer;
  };
  return {
    state: () => get("state"),
    messages: (channel, before = null) => get("messages", before ? { channel, before } : { channel }),
    thread: (channel, ts) => get("thread", { channel, ts }),
    /** What came of it; `{ok: false, error, message}` also when nobody answered. */
    act: async (act, details) => {
      try {
        return await json(await fetch("/control/act", {
          method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ as, act, ...details }),
        }));
      } catch {
        return { ok: false, error: "unreachable", message: "The workspace does not answer. Is it still running?" };
      }
    },
  };
}

/** Where a file's content is. */
export const fileAddress = (as, id, download = false) => `/control/files/${encodeURIComponent(id)}?as=${encodeURIComponent(as)}${download ? "&download=1" : ""}`;
