// Block Kit: one renderer per block type, and an honest box for what this page does not know.
import { html } from "../dom.js";
import { Actions } from "./actions.js";
import { Alert } from "./alert.js";
import { Card, Carousel, Container } from "./cards.js";
import { Context, ContextActions } from "./context.js";
import { DataTable, Table } from "./table.js";
import { FileBlock, Image, Video } from "./media.js";
import { Input } from "./input.js";
import { Markdown } from "./markdown.js";
import { Plan, TaskCard } from "./plan.js";
import { RichText } from "./rich_text.js";
import { Section } from "./section.js";
import { Text } from "./text.js";
import { Unknown } from "./unknown.js";
import { blockKey, named } from "./values.js";

const Header = ({ block }) => {
  const tag = `h${Math.min(4, 2 + (block.level ?? 1))}`;
  return html`<${tag} class="block header"><${Text} text=${block.text} /><//>`;
};

const Divider = () => html`<hr class="block divider" />`;

export const BLOCKS = {
  actions: Actions,
  alert: Alert,
  card: Card,
  carousel: Carousel,
  container: Container,
  context: Context,
  context_actions: ContextActions,
  data_table: DataTable,
  divider: Divider,
  file: FileBlock,
  header: Header,
  image: Image,
  input: Input,
  markdown: Markdown,
  plan: Plan,
  rich_text: RichText,
  section: Section,
  table: Table,
  task_card: TaskCard,
  video: Video,
};

export function Blocks({ blocks }) {
  return html`<div class="blocks">${named(blocks).map((block) => html`<${Block} key=${blockKey(block)} block=${block} />`)}</div>`;
}

export function Block({ block }) {
  const Known = BLOCKS[block?.type];
  if (Known) return html`<${Known} block=${block} />`;
  return html`<${Unknown} what="block" of=${block} />`;
}
