// Where people type. Enter sends, Shift+Enter breaks the line, a slash offers the app's commands.
import { classes, html, useEffect, useId, useLayoutEffect, useRef, useState } from "../dom.js";
import { useWorkspace } from "../workspace.js";
import { commandOf, completionsFor, withHandles } from "./completion.js";

const DRAFTS = new Map();

export function Composer({ conversation, thread = null, placeholder, readOnly = null, onSend = () => undefined }) {
  const { world, server } = useWorkspace();
  const key = `${world.me}/${conversation.id}/${thread ?? ""}`;
  const [text, setText] = useState(DRAFTS.get(key) ?? "");
  const [caret, setCaret] = useState(0);
  const [active, setActive] = useState(0);
  const [closed, setClosed] = useState(false);
  const field = useRef(null);
  const id = useId();
  useEffect(() => setText(DRAFTS.get(key) ?? ""), [key]);
  useLayoutEffect(() => {
    field.current.style.height = "auto";
    field.current.style.height = `${Math.min(field.current.scrollHeight, 220)}px`;
  }, [text]);

  // Slack takes no commands in threads.
  const who = { commands: thread ? [] : world.commands, people: Object.values(world.people), groups: Object.values(world.groups) };
  const offered = closed || document.activeElement !== field.current ? null : completionsFor(text, caret, who);
  const command = commandOf(text, who.commands);
  const at = offered ? Math.min(active, offered.items.length - 1) : 0;

  const put = (value, place = value.length) => {
    DRAFTS.set(key, value);
    setText(value);
    setCaret(place);
    setClosed(false);
    setActive(0);
  };
  const take = (item) => {
    const value = text.slice(0, offered.from) + item.insert + text.slice(caret);
    const place = offered.from + item.insert.length;
    // At once: who types on must not be overtaken by the caret.
    field.current.value = value;
    field.current.setSelectionRange(place, place);
    put(value, place);
  };
  const send = async () => {
    const said = text.trim();
    if (!said) return;
    put("");
    onSend();
    const typed = withHandles(said, who.people);
    const taken = await (said.startsWith("/") && !thread ? server.command(conversation.id, typed) : server.say(conversation.id, typed, thread));
    if (!taken) put(said);
  };
  const onKey = (event) => {
    if (event.isComposing) return;
    if (offered && ["ArrowDown", "ArrowUp"].includes(event.key)) {
      event.preventDefault();
      setActive((at + (event.key === "ArrowDown" ? 1 : -1) + offered.items.length) % offered.items.length);
    } else if (offered && event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      setClosed(true);
    } else if (offered && (event.key === "Tab" || event.key === "Enter") && !event.shiftKey && offered.items[at].insert.trim() !== text.trim()) {
      event.preventDefault();
      take(offered.items[at]);
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      send();
    }
  };
  if (readOnly) return html`<div class="composer-note">${readOnly}</div>`;
  return html`<form class="composer" onSubmit=${(event) => { event.preventDefault(); send(); }}>
    ${offered && html`<div class="completions">
      <div class="completions-head" id=${`${id}-head`}>${offered.kind}</div>
      <div role="listbox" id=${`${id}-list`} aria-labelledby=${`${id}-head`}>
        ${offered.items.map((item, index) => html`<div role="option" id=${`${id}-${index}`} key=${item.id} aria-selected=${index === at}
          class=${classes("completion", index === at && "active")} onMouseDown=${(event) => event.preventDefault()} onClick=${() => take(item)}>
          <span class="completion-name"><strong>${item.label}</strong>${item.usage && html` <span class="usage">${item.usage}</span>`}</span>
          ${item.hint && html`<span class="completion-hint">${item.hint}</span>`}</div>`)}
      </div></div>`}
    ${!offered && command && html`<div class="completions usage-line" id=${`${id}-usage`}><strong>${command.command}</strong> <span class="usage">${command.usage_hint}</span></div>`}
    <div class="composer-box">
      <textarea ref=${field} rows="1" value=${text} placeholder=${placeholder} aria-label=${placeholder} spellcheck="true"
        role="combobox" aria-expanded=${Boolean(offered)} aria-controls=${offered ? `${id}-list` : null} aria-autocomplete="list" aria-haspopup="listbox"
        aria-activedescendant=${offered ? `${id}-${at}` : null} aria-describedby=${!offered && command ? `${id}-usage` : null}
        onInput=${(event) => put(event.target.value, event.target.selectionStart)} onKeyDown=${onKey}
        onSelect=${(event) => setCaret(event.target.selectionStart)} onFocus=${() => setClosed(false)} onBlur=${() => setClosed(true)}></textarea>
      <div class="composer-foot">
        <span class="composer-tip"><kbd>Enter</kbd> sends, <kbd>Shift</kbd>+<kbd>Enter</kbd> breaks the line${thread ? null : html`, <kbd>/</kbd> lists commands`}</span>
        <button type="submit" class="send" aria-label="Send" disabled=${!text.trim()}><svg viewBox="0 0 20 20" aria-hidden="true"><path d="M3 3.5 17.5 10 3 16.5 5 11l7-1-7-1z" /></svg></button>
      </div>
    </div>
  </form>`;
}
