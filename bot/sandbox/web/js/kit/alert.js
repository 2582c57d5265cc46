import { html } from "../dom.js";
import { Text } from "./text.js";

const LEVELS = { default: "Note", info: "Information", warning: "Warning", error: "Error", success: "Success" };

export function Alert({ block }) {
  const level = block.level in LEVELS ? block.level : "default";
  return html`<div class=${`block alert ${level}`} role=${level === "error" ? "alert" : "note"}>
    <strong class="alert-level">${LEVELS[level]}</strong>
    <div><${Text} text=${block.text} /></div>
  </div>`;
}
