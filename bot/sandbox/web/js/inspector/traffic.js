// One shape for every kind of traffic, and which of it somebody looks for. Pure.

export const KINDS = { all: "All", api: "API calls", envelope: "To the app" };

export function matches(entry, query, kind) {
  if (kind !== "all" && entry.kind !== kind) return false;
  const wanted = query.trim().toLowerCase();
  if (!wanted) return true;
  entry.haystack ??= `${entry.name} ${entry.note} ${entry.result} ${JSON.stringify(entry.parts)}`.toLowerCase();
  return wanted.split(/\s+/).every((word) => entry.haystack.includes(word));
}
