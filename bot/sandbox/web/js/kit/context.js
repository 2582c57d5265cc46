import { html } from "../dom.js";
import { Button } from "./elements/button.js";
import { Text, words } from "./text.js";

export const Context = ({ block }) => html`<div class="block context">
  ${block.elements.map((element) => element.type === "image"
    ? html`<img class="context-image" src=${element.image_url} alt=${element.alt_text} />`
    : html`<div class="context-text"><${Text} text=${element} /></div>`)}
</div>`;

/** Thumbs and small icons under an answer. */
export const ContextActions = ({ block }) => html`<div class="block actions small" role="group" aria-label="Feedback">
  ${block.elements.flatMap((element) => element.type === "feedback_buttons"
    ? [element.positive_button, element.negative_button].map((button) => html`
        <${Button} block=${block} element=${{ ...button, type: "button", action_id: element.action_id }} />`)
    : [html`<${Button} block=${block} element=${{ ...element, type: "button", text: element.text ?? words(element.icon) }} />`])}
</div>`;
