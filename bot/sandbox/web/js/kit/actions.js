import { html } from "../dom.js";
import { Element } from "./elements/element.js";

export const Actions = ({ block }) => html`<div class="block actions" role="group" aria-label="Actions">
  ${block.elements.map((element) => html`<${Element} key=${element.action_id} block=${block} element=${element} />`)}
</div>`;
