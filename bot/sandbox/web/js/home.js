// The app's Home tab, and its about page.
import { html, useEffect } from "./dom.js";
import { Blocks } from "./kit/blocks.js";
import { SurfaceOf } from "./kit/surface.js";
import { Avatar } from "./talk/avatar.js";
import { Trouble } from "./talk/trouble.js";
import { useWorkspace } from "./workspace.js";

export function Home({ menu }) {
  const { world, server } = useWorkspace();
  const { app, home } = world;
  useEffect(() => {
    server.openHome();
  }, [server, world.me]);
  return html`<main class="channel home" aria-label=${`${app.name} Home`}>
    <header class="channel-head">${menu}<h1><${Avatar} person=${{ ...app, is_bot: true }} size="small" /> ${app.name} <span class="badge">APP</span></h1>
      <span class="tab" aria-hidden="true">Home</span></header>
    <div class="messages home-body" tabindex="0" role="region" aria-label="Home"><div class="home-inner">
      ${home
        ? html`<${SurfaceOf} key=${`${world.me}/home`} id=${home.id} blocks=${home.blocks} suggest=${(asked) => server.suggestInView(home, asked)}
            act=${(action, entered) => server.pressInView(home, action, entered)}><${Blocks} blocks=${home.blocks} /><//>`
        : html`<p class="quiet-word">${app.name} has not published a Home for ${world.self.name} yet.</p>`}
      ${home && html`<${Trouble} of=${`view/${home.id}`} />`}
    </div></div>
  </main>`;
}
