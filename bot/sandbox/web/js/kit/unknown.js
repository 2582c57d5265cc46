import { html } from "../dom.js";

/** Shown rather than hidden: whoever builds a card must see what would not appear. */
export function Unknown({ what, of }) {
  return html`<details class="block unknown" data-unknown=${String(of?.type)}>
    <summary>Unknown ${what}: ${String(of?.type)}</summary>
    <pre class="pre" tabindex="0" role="region" aria-label="The unknown ${what} as JSON">${JSON.stringify(of, null, 2)}</pre>
  </details>`;
}
