// Files: name, size, a look inside text, and a download.
import { html, useState } from "../dom.js";
import { fileAddress } from "../server/api.js";

const TEXT = /^(text\/|application\/(json|sql|x-sql|yaml|x-yaml|xml))/;
const TEXT_NAME = /\.(md|txt|sql|json|ya?ml|log|csv|diff|py)$/i;

const sizeOf = (bytes) => {
  if (bytes === undefined || bytes === null) return "";
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1048576 ? `${(bytes / 1024).toFixed(1)} kB` : `${(bytes / 1048576).toFixed(1)} MB`;
};

export const Files = ({ files, me }) => html`<div class="files">${files.map((file) => html`<${File} key=${file.id} file=${file} me=${me} />`)}</div>`;

function File({ file, me }) {
  const [open, setOpen] = useState(false);
  const [whole, setWhole] = useState(null);
  const readable = TEXT.test(file.mimetype ?? "") || TEXT_NAME.test(file.name ?? "");
  const readAll = async () => {
    setOpen(!open);
    if (open || whole) return;
    const answer = await fetch(fileAddress(me, file.id));
    if (answer.ok) setWhole(await answer.text());
  };
  const text = readable ? (open && whole ? whole : file.preview) : null;
  const complete = (file.preview ?? "").length >= (file.size ?? 0);
  const name = file.title || file.name || file.id;
  return html`<figure class="file">
    <figcaption class="file-head">
      <span class="file-sign" aria-hidden="true">${(file.name ?? "").split(".").at(-1)?.slice(0, 4).toUpperCase() || "FILE"}</span>
      <span class="file-name"><strong>${name}</strong><span class="file-size">${[file.name !== name && file.name, sizeOf(file.size)].filter(Boolean).join(" · ")}</span></span>
      <a class="button small" href=${fileAddress(me, file.id, true)} download=${file.name ?? name}>Download<span class="visually-hidden"> ${name}</span></a>
    </figcaption>
    ${text && html`<pre class="file-text" tabindex="0" role="region" aria-label=${`Content of ${name}`}>${text}</pre>`}
    ${readable && (open || !complete) && html`<button type="button" class="more" aria-expanded=${open} onClick=${readAll}>${open ? "Show less" : "Show all"}</button>`}
  </figure>`;
}
