// The frame of every dialog: the browser's own modal, which keeps the focus inside and gives it back.
import { classes, html, useId, useLayoutEffect, useRef } from "../dom.js";

export function Dialog({ title, onCancel, class: className, role = "dialog", children, footer, icon = null }) {
  const frame = useRef(null);
  const id = useId();
  useLayoutEffect(() => {
    const before = document.activeElement;
    const node = frame.current;
    node.showModal();
    return () => {
      node.close();
      if (before?.isConnected) before.focus?.();
    };
  }, []);
  // Before it is painted: who presses Escape at once means it, too.
  useLayoutEffect(() => {
    const node = frame.current;
    const cancel = (event) => {
      event.preventDefault();
      if (event.target === node) onCancel();
    };
    node.addEventListener("cancel", cancel);
    return () => node.removeEventListener("cancel", cancel);
  });
  return html`<dialog class=${classes("dialog", className)} ref=${frame} role=${role} aria-modal="true" aria-labelledby=${id}>
    <header class="dialog-head">
      ${icon}<h2 id=${id}>${title}</h2>
      <button type="button" class="icon-button" aria-label="Close" onClick=${onCancel}>✕</button>
    </header>
    <div class="dialog-body">${children}</div>
    ${footer && html`<footer class="dialog-foot">${footer}</footer>`}
  </dialog>`;
}
