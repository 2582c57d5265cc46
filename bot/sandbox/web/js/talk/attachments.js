// Secondary attachments: a coloured bar with blocks, or the older title and text.
import { html } from "../dom.js";
import { Blocks } from "../kit/blocks.js";
import { SurfaceOf } from "../kit/surface.js";
import { Link, Mrkdwn } from "../mrkdwn/show.js";
import { useWorkspace } from "../workspace.js";

const NAMED = { good: "#2eb67d", warning: "#ecb22e", danger: "#e01e5a" };

const barOf = (color) => NAMED[color] ?? (/^#?[0-9a-f]{6}$/i.test(color ?? "") ? `#${color.replace("#", "")}` : null);

export const Attachments = ({ message }) => message.attachments.map((one, at) => html`<${Attachment} message=${message} attachment=${one} at=${at} />`);

function Attachment({ message, attachment, at }) {
  const { server } = useWorkspace();
  const color = barOf(attachment.color);
  return html`<div class="attachment">
    <svg class="bar" width="4" preserveAspectRatio="none" viewBox="0 0 4 10" aria-hidden="true"><rect width="4" height="10" rx="2" fill=${color ?? "currentColor"} /></svg>
    <div class="attachment-body">${attachment.blocks
      ? html`<${SurfaceOf} id=${`${message.channel}/${message.ts}/a${at}`} blocks=${attachment.blocks} chosen=${message.chosen}
          act=${(action, entered) => server.press(message, action, entered)} suggest=${(asked) => server.suggest(message, asked)}>
          <${Blocks} blocks=${attachment.blocks} /><//>`
      : html`<${Legacy} attachment=${attachment} />`}
    </div>
  </div>`;
}

const Legacy = ({ attachment }) => html`
  ${attachment.pretext && html`<${Mrkdwn} text=${attachment.pretext} />`}
  ${attachment.title && html`<strong>${attachment.title_link ? html`<${Link} url=${attachment.title_link}>${attachment.title}<//>` : attachment.title}</strong>`}
  ${(attachment.text ?? attachment.fallback) && html`<${Mrkdwn} text=${attachment.text ?? attachment.fallback} />`}
  ${attachment.fields && html`<div class="fields">${attachment.fields.map((field) => html`<div class="field"><strong>${field.title}</strong><${Mrkdwn} text=${field.value} /></div>`)}</div>`}
  ${attachment.footer && html`<div class="context-text">${attachment.footer}</div>`}`;
