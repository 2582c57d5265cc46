// Pictures, videos, and files that were shared elsewhere.
import { html, useState } from "../dom.js";
import { Link } from "../mrkdwn/show.js";
import { Text } from "./text.js";

export function Image({ block }) {
  const [failed, setFailed] = useState(false);
  const source = block.image_url ?? block.slack_file?.url;
  return html`<figure class="block image">
    ${block.title && html`<figcaption><${Text} text=${block.title} /></figcaption>`}
    ${failed || !source
      ? html`<div class="image-missing" role="img" aria-label=${block.alt_text}>${block.alt_text}</div>`
      : html`<img src=${source} alt=${block.alt_text} onError=${() => setFailed(true)} />`}
  </figure>`;
}

export const FileBlock = ({ block }) => html`<div class="block context">A remote file: ${block.external_id}</div>`;

export const Video = ({ block }) => html`<div class="block section">
  <${Link} url=${block.title_url ?? block.video_url}><strong><${Text} text=${block.title} /></strong><//>
  ${block.description && html`<${Text} text=${block.description} />`}
</div>`;
