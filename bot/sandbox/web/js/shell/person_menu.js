// "Act as": be somebody else. Each entry is a link, so that another window can be another person.
import { html, useId, useRef, useState } from "../dom.js";
import { Popup } from "../kit/elements/popup.js";
import { walk } from "../kit/elements/overflow.js";
import { addressOf } from "../place.js";
import { Avatar } from "../talk/avatar.js";
import { useWorkspace } from "../workspace.js";

export function PersonMenu({ place, go }) {
  const { world } = useWorkspace();
  const [open, setOpen] = useState(false);
  const trigger = useRef(null);
  const id = useId();
  const close = (why) => {
    setOpen(false);
    if (why !== "outside") trigger.current?.focus();
  };
  const become = (person, event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    close();
    go({ as: person.id });
  };
  const people = Object.values(world.people).filter((one) => !one.is_bot);
  return html`<div class="person">
    <button type="button" class="person-button" ref=${trigger} aria-haspopup="menu" aria-expanded=${open} aria-controls=${open ? id : null} onClick=${() => setOpen(!open)}>
      <${Avatar} person=${world.self} size="small" />
      <span class="person-text"><span class="person-act">Acting as</span><span class="person-name">${world.self.name}</span></span>
      ${world.self.title && html`<span class="person-role">${world.self.title}</span>`}
      <span class="caret" aria-hidden="true">⌄</span>
    </button>
    ${open && html`<${Popup} anchor=${trigger} align="right" onClose=${close}>
      <div class="menu people" role="menu" id=${id} aria-label="Act as" onKeyDown=${walk}>
        <div class="menu-head" role="presentation">Act as</div>
        ${people.map((person) => html`<a role="menuitem" class="menu-item person-item" tabindex="-1" key=${person.id} aria-current=${person.id === world.me ? "true" : null}
          autofocus=${person.id === world.me}
          href=${addressOf({ as: person.id, where: place.where, thread: place.thread })} onClick=${(event) => become(person, event)}>
          <${Avatar} person=${person} size="small" />
          <span class="person-text"><strong>${person.name}</strong><span class="menu-more">${person.title ?? ""}</span></span>
          <span class="tick" aria-hidden="true">${person.id === world.me ? "✓" : ""}</span></a>`)}
        <div class="menu-note" role="presentation">Open one in a second window to be two people at once.</div>
      </div>
    <//>`}
  </div>`;
}
