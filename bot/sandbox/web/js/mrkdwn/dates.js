// What `<!date^…>` and our own clocks say, in the reader's own time zone and language.

const day = (date) => Math.floor((date.getTime() - date.getTimezoneOffset() * 60000) / 86400000);

/** "Today", "Yesterday", "Tomorrow", or nothing. */
export function nearDay(date, now = new Date()) {
  return { 0: "Today", 1: "Tomorrow", "-1": "Yesterday" }[day(date) - day(now)] ?? null;
}

const format = (date, options) => new Intl.DateTimeFormat(undefined, options).format(date);

const time = (date) => format(date, { hour: "numeric", minute: "2-digit" });

const TOKENS = {
  date: (date) => format(date, { month: "long", day: "numeric", year: "numeric" }),
  date_short: (date) => format(date, { month: "short", day: "numeric", year: "numeric" }),
  date_long: (date) => format(date, { weekday: "long", month: "long", day: "numeric", year: "numeric" }),
  date_num: (date) => format(date, { year: "numeric", month: "2-digit", day: "2-digit" }),
  date_slash: (date) => format(date, { year: "numeric", month: "2-digit", day: "2-digit" }),
  day_divider_pretty: (date) => nearDay(date) ?? format(date, { weekday: "long", month: "long", day: "numeric" }),
  time,
  time_secs: (date) => format(date, { hour: "numeric", minute: "2-digit", second: "2-digit" }),
  ago: (date) => ago(date),
};

/** A pattern such as `{date_short_pretty} at {time}` filled in; `null` when it has no token. */
export function dated(seconds, pattern) {
  const date = new Date(seconds * 1000);
  let known = false;
  const text = pattern.replace(/\{(\w+)\}/g, (whole, name) => {
    const pretty = name.endsWith("_pretty") && name !== "day_divider_pretty";
    const base = TOKENS[pretty ? name.slice(0, -7) : name];
    if (!base) return whole;
    known = true;
    const near = pretty ? nearDay(date) : null;
    return near ? near.toLowerCase() : base(date);
  });
  return known ? text.replace(/^[a-z]/, (first) => first.toUpperCase()) : null;
}

export function ago(date, now = new Date()) {
  const seconds = Math.round((date - now) / 1000);
  const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
  for (const [unit, size] of [["day", 86400], ["hour", 3600], ["minute", 60]]) {
    if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit);
  }
  return relative.format(seconds, "second");
}

export const clock = (ts) => time(new Date(Number(ts) * 1000));

export const clockWithSeconds = (ts) => TOKENS.time_secs(new Date(Number(ts) * 1000));

export const fullDate = (ts) => {
  const date = new Date(Number(ts) * 1000);
  return `${nearDay(date) ?? TOKENS.date(date)} at ${TOKENS.time_secs(date)}`;
};

/** "today at 2:30 PM", as a sentence ends. */
export const lately = (ts) => {
  const date = new Date(Number(ts) * 1000);
  const near = nearDay(date);
  return `${near ? near.toLowerCase() : TOKENS.date_short(date)} at ${time(date)}`;
};

export const dayOf = (ts) => day(new Date(Number(ts) * 1000));

export const dayTitle = (ts) => TOKENS.day_divider_pretty(new Date(Number(ts) * 1000));
