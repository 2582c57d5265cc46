// Containers: a card, a row of cards, and a titled box of blocks.
import { html, useState } from "../dom.js";
import { Block, Blocks } from "./blocks.js";
import { Element } from "./elements/element.js";
import { Text } from "./text.js";

export const Card = ({ block }) => html`<article class="block card">
  ${block.hero_image && html`<img class="card-hero" src=${block.hero_image.image_url} alt=${block.hero_image.alt_text} />`}
  ${block.title && html`<div class="card-title"><${Text} text=${block.title} /></div>`}
  ${block.subtitle && html`<div class="card-subtitle"><${Text} text=${block.subtitle} /></div>`}
  ${block.body && html`<div><${Text} text=${block.body} /></div>`}
  ${block.actions && html`<div class="actions">${block.actions.map((element) => html`<${Element} block=${block} element=${element} />`)}</div>`}
</article>`;

export const Carousel = ({ block }) => html`<div class="block carousel" tabindex="0" role="region" aria-label="Cards">
  ${block.elements.map((card) => html`<${Card} block=${card} />`)}
</div>`;

export function Container({ block }) {
  const [open, setOpen] = useState(!block.is_collapsed && block.default_collapsed !== true);
  const inner = block.child_blocks ?? block.blocks ?? [];
  return html`<section class="block container">
    ${block.title && html`<button type="button" class="container-title" aria-expanded=${open} onClick=${() => setOpen(!open)}>
      <span aria-hidden="true">${open ? "▾" : "▸"}</span> <${Text} text=${block.title} /></button>`}
    ${open && (inner.length > 1 ? html`<${Blocks} blocks=${inner} />` : inner.map((one) => html`<${Block} block=${one} />`))}
  </section>`;
}
