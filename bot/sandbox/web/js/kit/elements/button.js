import { classes, html } from "../../dom.js";
import { askFirst } from "../../dialogs/confirm.js";
import { Link } from "../../mrkdwn/show.js";
import { useEntered } from "../surface.js";
import { Text, words } from "../text.js";

export function Button({ block, element }) {
  const entered = useEntered(block, element);
  const press = async () => {
    if (entered.busy || !(await askFirst(element.confirm))) return;
    await entered.send();
  };
  const look = classes("button", element.style, entered.busy && "busy");
  const label = element.accessibility_label || null;
  if (element.url) {
    return html`<span class="link-button" onClick=${press}><${Link} class=${look} url=${element.url}>
      <${Text} text=${element.text} /><span class="outward" aria-hidden="true">↗</span><//></span>`;
  }
  return html`<button type="button" class=${look} aria-label=${label} aria-busy=${entered.busy ? "true" : null}
    disabled=${entered.disabled} onClick=${press} data-action=${element.action_id}>
    <${Text} text=${element.text} />${entered.busy && html`<span class="visually-hidden"> (${words("working")})</span>`}
  </button>`;
}
