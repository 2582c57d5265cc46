// "Are you sure?": Slack's confirm object, asked before an element's press is sent.
import { html, useEffect, useState } from "../dom.js";
import { Text, words } from "../kit/text.js";
import { Dialog } from "./dialog.js";

let ask = async () => false;

/** True at once without a confirm object; otherwise what the person says. */
export const askFirst = (confirm) => (confirm ? ask(confirm) : Promise.resolve(true));

/** Stands once on the page and shows the question that is open. */
export function ConfirmHost() {
  const [open, setOpen] = useState(null);
  useEffect(() => {
    ask = (confirm) => new Promise((resolve) => setOpen({ confirm, resolve }));
  }, []);
  if (!open) return null;
  const answer = (yes) => {
    setOpen(null);
    open.resolve(yes);
  };
  const { confirm } = open;
  const style = confirm.style === "danger" ? "danger" : "primary";
  return html`<${Dialog} class="confirm" role="alertdialog" title=${words(confirm.title)} onCancel=${() => answer(false)} footer=${html`
      <button type="button" class="button" onClick=${() => answer(false)}>${words(confirm.deny) || "Cancel"}</button>
      <button type="button" class=${`button ${style}`} onClick=${() => answer(true)}>${words(confirm.confirm) || "Yes"}</button>`}>
    <${Text} text=${confirm.text} />
  <//>`;
}
