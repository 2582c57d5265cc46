import { App } from "./app.js";
import { html, render } from "./dom.js";
import { applyLook } from "./look.js";
import { connect } from "./server/connect.js";

applyLook();
render(html`<${App} connect=${connect} />`, document.getElementById("page"));
