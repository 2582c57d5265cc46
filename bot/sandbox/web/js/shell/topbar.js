// The bar above everything: who one is, how it looks, and whether the traffic shows.
import { html, useState } from "../dom.js";
import { chooseLook, isDark } from "../look.js";
import { useWorkspace } from "../workspace.js";
import { PersonMenu } from "./person_menu.js";

export function Topbar({ place, go, traffic, onTraffic }) {
  const { world } = useWorkspace();
  const [dark, setDark] = useState(isDark());
  const flip = () => {
    chooseLook(dark ? "light" : "dark");
    setDark(!dark);
  };
  return html`<header class="topbar">
    <span class="brand"><svg viewBox="0 0 24 24" aria-hidden="true"><path d="M9 6 4 11l5 5" /><path d="M4.5 11H14a5 5 0 0 1 0 10h-3" transform="translate(0 -1)" /></svg>
      <span class="brand-words">${world.team.name}<span class="brand-more">a Slack of your own, on this machine</span></span></span>
    <span class="topbar-end">
      <${PersonMenu} place=${place} go=${go} />
      <button type="button" class="bar-button" aria-pressed=${traffic} onClick=${onTraffic} title="The raw traffic between app and workspace">
        <svg viewBox="0 0 20 20" aria-hidden="true"><path d="M6 3v12M3 12l3 3 3-3M14 17V5M11 8l3-3 3 3" /></svg><span class="bar-words">Traffic</span></button>
      <button type="button" class="bar-button" aria-label=${dark ? "Use the light look" : "Use the dark look"} title=${dark ? "Light" : "Dark"} onClick=${flip}>
        <svg viewBox="0 0 20 20" aria-hidden="true">${dark
          ? html`<circle cx="10" cy="10" r="3.5" /><path d="M10 2v2M10 16v2M2 10h2M16 10h2M4.3 4.3l1.4 1.4M14.3 14.3l1.4 1.4M4.3 15.7l1.4-1.4M14.3 5.7l1.4-1.4" />`
          : html`<path d="M16.5 12A7 7 0 0 1 8 3.5 7 7 0 1 0 16.5 12z" />`}</svg></button>
    </span>
  </header>`;
}
