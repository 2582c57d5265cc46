// What the composer offers while somebody types: slash commands of the manifest, and people after an @.

/** `{kind, from, items: [{id, label, hint, insert}]}` or null. Pure. */
export function completionsFor(text, caret, { commands, people, groups }) {
  const before = text.slice(0, caret);
  const slash = /^\/(\S*)$/.exec(before);
  if (slash) {
    const items = commands.filter((one) => one.command.startsWith(before.toLowerCase()))
      .map((one) => ({ id: one.command, label: `${one.command}`, usage: one.usage_hint ?? "", hint: one.description ?? "", insert: `${one.command} ` }));
    return items.length ? { kind: "Commands", from: 0, items } : null;
  }
  const at = /(^|\s)@([\p{L}\p{N}._-]*)$/u.exec(before);
  if (!at) return null;
  const wanted = at[2].toLowerCase();
  const named = [
    ...people.map((one) => ({ id: one.id, label: `@${one.name}`, hint: one.title ?? "", insert: `@${one.name} ` })),
    ...groups.map((one) => ({ id: one.id, label: `@${one.handle}`, hint: one.name ?? "", insert: `@${one.handle} ` })),
  ].filter((one) => one.label.toLowerCase().slice(1).split(/\s+/).some((word) => word.startsWith(wanted)));
  return named.length ? { kind: "People", from: caret - at[2].length - 1, items: named.slice(0, 8) } : null;
}

/** The command that a line begins with, for its usage hint. */
export const commandOf = (text, commands) => {
  const name = /^\/\S+(?=\s)/.exec(text)?.[0]?.toLowerCase();
  return name ? (commands.find((one) => one.command === name) ?? null) : null;
};

/** `@Ada Okafor` as the workspace takes it: `@ada`. Pure. */
export function withHandles(text, people) {
  const targets = people.map((one) => [`@${one.name}`, `@${one.handle ?? one.name}`]).sort((one, other) => other[0].length - one[0].length);
  let result = "";
  for (let at = 0; at < text.length; ) {
    const boundary = at === 0 || /[\s(]/.test(text[at - 1]);
    const hit = boundary && targets.find(([name]) => text.startsWith(name, at) && !/[\p{L}\p{N}_-]/u.test(text[at + name.length] ?? " "));
    result += hit ? hit[1] : text[at];
    at += hit ? hit[0].length : 1;
  }
  return result;
}
