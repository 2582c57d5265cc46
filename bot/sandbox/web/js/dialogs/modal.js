// An app's modal: a form of blocks, sent as a whole; what is wrong stands at the field.
import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../dom.js";
import { Blocks } from "../kit/blocks.js";
import { SurfaceOf } from "../kit/surface.js";
import { words } from "../kit/text.js";
import { missing } from "../kit/values.js";
import { useWorkspace } from "../workspace.js";
import { Dialog } from "./dialog.js";

const TROUBLE = "We had some trouble connecting. Try again?";

/** What people entered, per view: it stays when another view is pushed on top, and when the app updates it. */
const ENTERED = new Map();

export function Modal({ view, depth, onClose, onCloseAll }) {
  const { world, server } = useWorkspace();
  const body = useRef(null);
  const [entered, setEntered] = useState(ENTERED.get(view.id) ?? {});
  const [errors, setErrors] = useState({});
  const [busy, setBusy] = useState(false);
  const values = useMemo(() => ({ set: (key, value) => {
    setErrors((before) => Object.fromEntries(Object.entries(before).filter(([block]) => !key.startsWith(`${block}/`))));
    setEntered((before) => {
      const next = { ...before, [key]: value };
      ENTERED.set(view.id, next);
      return next;
    });
  } }), [view.id]);
  useLayoutEffect(() => {
    if (Object.keys(errors).length) body.current?.querySelector(".input.invalid")?.querySelector("input, textarea, button")?.focus();
  }, [errors]);
  const isForm = view.blocks.some((block) => block.type === "input");
  useEffect(() => {
    const first = body.current?.querySelector(".block.input input:not([type=radio]), .block.input input:checked, .block.input textarea");
    first?.focus({ preventScroll: true });
  }, [view.id, isForm]);

  const submit = async (event) => {
    event?.preventDefault();
    if (busy) return;
    const wrong = missing(view.blocks, entered);
    setErrors(wrong);
    server.forgetTrouble(`view/${view.id}`);
    if (Object.keys(wrong).length) return;
    setBusy(true);
    const answer = await server.submit(view, entered);
    setBusy(false);
    if (answer.errors) setErrors(answer.errors);
  };
  const press = (action, now) => server.pressInView(view, action, now);
  const trouble = world.troubles[`view/${view.id}`] && TROUBLE;
  const close = words(view.close) || (view.submit ? "Cancel" : "Close");
  const footer = html`
    ${trouble && html`<span class="modal-trouble" role="alert">${trouble}</span>`}
    <button type="button" class="button" onClick=${onClose}>${close}</button>
    ${view.submit && html`<button type="submit" form="view-form" class="button primary" aria-busy=${busy ? "true" : null}
      disabled=${busy || view.submit_disabled}>${words(view.submit)}</button>`}`;
  return html`<${Dialog} class="modal" title=${words(view.title)} onCancel=${depth > 1 ? onClose : onCloseAll} footer=${footer}
      icon=${depth > 1 && html`<button type="button" class="icon-button" aria-label="Back" onClick=${onClose}>‹</button>`}>
    <form id="view-form" ref=${body} onSubmit=${submit} noValidate>
      <${SurfaceOf} id=${view.id} blocks=${view.blocks} errors=${errors} values=${{ entered, set: values.set }} act=${press}
        suggest=${(asked) => server.suggestInView(view, asked)}><${Blocks} blocks=${view.blocks} /><//>
    </form>
  <//>`;
}
