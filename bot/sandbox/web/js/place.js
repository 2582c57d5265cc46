// Where the person is, in the address: `?as=U…#C…/thread`. So two windows can be two people, and Back works.

const HOME = "home";

export function placeOf(location) {
  const as = new URLSearchParams(location.search).get("as");
  const linked = permalink(location.href, location.origin);
  if (linked) return { as, where: linked.where, thread: linked.thread, target: linked.ts, home: false };
  const [where = "", thread = null] = decodeURIComponent(location.hash.slice(1)).split("/");
  return { as, where: where || null, thread, target: null, home: where === HOME };
}

export function addressOf({ as, where, thread }) {
  const query = as ? `?as=${encodeURIComponent(as)}` : "";
  const hash = where ? `#${[where, thread].filter(Boolean).join("/")}` : "";
  const page = window.location.pathname.startsWith("/archives/") ? "/" : window.location.pathname;
  return `${page}${query}${hash}`;
}

/** A link that Slack hands out (`…/archives/C…/p1700000000000100?thread_ts=…`), when it is one of ours. */
export function permalink(url, origin) {
  let parsed;
  try {
    parsed = new URL(url);
  } catch {
    return null;
  }
  const match = /\/archives\/([A-Z0-9]+)(?:\/p(\d+)(\d{6}))?/.exec(parsed.pathname);
  if (!match || (origin && parsed.origin !== origin && !parsed.hostname.endsWith(".slack.com"))) return null;
  const ts = match[2] ? `${match[2]}.${match[3]}` : null;
  return { where: match[1], ts, thread: parsed.searchParams.get("thread_ts") };
}
