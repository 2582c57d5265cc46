// Where a menu's options come from: the element, the app, or the workspace; and which of them match.
import { useContext, useEffect, useState } from "../../dom.js";
import { Names } from "../../names.js";
import { useSurface } from "../surface.js";
import { words } from "../text.js";
import { blockKey } from "../values.js";

/** `[{label, options}]`: groups; a menu without groups is one without a label. */
export function useOptions(block, element, query, open) {
  const names = useContext(Names);
  const { suggest } = useSurface();
  const [found, setFound] = useState({ state: "idle", groups: [] });
  const external = element.type.includes("external");
  const enough = query.length >= (element.min_query_length ?? 3);
  useEffect(() => {
    if (!external || !open || !enough) return undefined;
    let stale = false;
    setFound((before) => ({ ...before, state: "loading" }));
    const later = setTimeout(async () => {
      const groups = await suggest({ block_id: blockKey(block), action_id: element.action_id, query })
        .then((answer) => ({ state: "done", groups: grouped(answer) }), () => ({ state: "failed", groups: [] }));
      if (!stale) setFound(groups);
    }, 250);
    return () => {
      stale = true;
      clearTimeout(later);
    };
  }, [external, open, query, enough]);
  if (external) return enough ? found : { state: "short", groups: [] };
  const groups = element.options || element.option_groups ? grouped(element) : ofWorkspace(element, names);
  return { state: "done", groups: filtered(groups, query) };
}

function grouped(source) {
  if (source?.option_groups) return source.option_groups.map((group) => ({ label: words(group.label), options: group.options }));
  return [{ label: null, options: source?.options ?? [] }];
}

function ofWorkspace(element, names) {
  const all = element.type.includes("users")
    ? (names.people?.() ?? []).map((person) => [person.id, person.name])
    : (names.conversations?.() ?? []).map((one) => [one.id, `#${one.name}`]);
  return [{ label: null, options: all.map(([value, text]) => ({ text: { type: "plain_text", text }, value })) }];
}

function filtered(groups, query) {
  const wanted = query.trim().toLowerCase();
  if (!wanted) return groups;
  const matches = (option) => `${words(option.text)} ${words(option.description)}`.toLowerCase().includes(wanted);
  return groups.map((group) => ({ ...group, options: group.options.filter(matches) })).filter((group) => group.options.length);
}
