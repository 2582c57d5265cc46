// A small panel beside its trigger, above everything, closed by Escape or a press elsewhere. What says `autofocus` gets the focus.
import { html, useEffect, useLayoutEffect, useRef } from "../../dom.js";

const GAP = 4;
const EDGE = 8;

export function Popup({ anchor, onClose, wide = false, align = "left", children }) {
  const panel = useRef(null);
  useLayoutEffect(() => {
    const node = panel.current;
    node.showPopover?.();
    const place = () => settle(node, anchor.current, wide, align);
    place();
    node.querySelector("[autofocus]")?.focus();
    window.addEventListener("resize", place);
    window.addEventListener("scroll", place, true);
    const watcher = new ResizeObserver(place);
    watcher.observe(node);
    return () => {
      watcher.disconnect();
      window.removeEventListener("resize", place);
      window.removeEventListener("scroll", place, true);
    };
  }, []);
  useEffect(() => {
    const outside = (event) => {
      if (!panel.current?.contains(event.target) && !anchor.current?.contains(event.target)) onClose("outside");
    };
    document.addEventListener("pointerdown", outside, true);
    return () => document.removeEventListener("pointerdown", outside, true);
  });
  const key = (event) => {
    if (event.key !== "Escape" && event.key !== "Tab") return;
    event.stopPropagation();
    if (event.key === "Escape") event.preventDefault();
    onClose(event.key);
  };
  return html`<div class="popup" popover="manual" ref=${panel} onKeyDown=${key}>${children}</div>`;
}

function settle(node, anchor, wide, align) {
  if (!anchor) return;
  const box = anchor.getBoundingClientRect();
  if (wide) node.style.minWidth = `${box.width}px`;
  const width = node.offsetWidth;
  const height = node.offsetHeight;
  const below = window.innerHeight - box.bottom - GAP - EDGE;
  const up = height > below && box.top > below;
  const wanted = align === "right" ? box.right - width : box.left;
  const left = Math.max(EDGE, Math.min(wanted, window.innerWidth - width - EDGE));
  const top = up ? Math.max(EDGE, box.top - GAP - height) : Math.max(EDGE, Math.min(box.bottom + GAP, window.innerHeight - height - EDGE));
  node.style.left = `${left}px`;
  node.style.top = `${top}px`;
}
