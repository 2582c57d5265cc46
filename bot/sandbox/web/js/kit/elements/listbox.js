// The list under a select: options in groups, one of them active.
import { classes, html, useEffect, useRef } from "../../dom.js";
import { Text } from "../text.js";

const WORDS = {
  loading: "Loading…", failed: "The app did not answer.", short: "Type to search…",
};

export function Listbox({ id, found, active, chosen, multiple = false, label, onChoose, onPoint }) {
  const flat = found.groups.flatMap((group) => group.options);
  let at = -1;
  const list = useRef(null);
  useEffect(() => {
    list.current?.querySelector(".option.active")?.scrollIntoView({ block: "nearest" });
  }, [active]);
  const item = (option) => {
    at += 1;
    const here = at;
    const selected = chosen.some((one) => one?.value === option.value);
    return html`<div role="option" id=${`${id}-${here}`} key=${option.value} aria-selected=${selected}
      class=${classes("option", here === active && "active", selected && "selected")}
      onClick=${() => onChoose(option)} onPointerMove=${() => here !== active && onPoint(here)}>
      <span class="tick" aria-hidden="true">${selected ? "✓" : ""}</span>
      <span class="option-text"><${Text} text=${option.text} />
      ${option.description && html`<span class="option-more"><${Text} text=${option.description} /></span>`}</span>
    </div>`;
  };
  const word = found.state === "done" ? (flat.length ? null : "No matches") : WORDS[found.state];
  return html`<div class="listbox" ref=${list} onMouseDown=${(event) => event.preventDefault()}>
    <div role="listbox" id=${id} aria-label=${label} aria-multiselectable=${multiple ? "true" : null}>
      ${found.groups.map((group, index) => group.label
        ? html`<div role="group" aria-labelledby=${`${id}-g${index}`}><div class="option-group" id=${`${id}-g${index}`}>${group.label}</div>
            ${group.options.map(item)}</div>`
        : group.options.map(item))}
    </div>
    ${word && html`<div class="listbox-word" role="status">${word}</div>`}
  </div>`;
}

/** Arrow keys on the combobox move through the list; returns the new place or null. */
export function moved(key, active, count) {
  if (!count) return null;
  const next = { ArrowDown: active + 1, ArrowUp: active - 1, PageDown: Math.min(active + 8, count - 1), PageUp: Math.max(active - 8, 0) }[key];
  return next === undefined ? null : (next + count) % count;
}
