// Who and what an id stands for: given once at the top, used wherever a text mentions somebody.
import { createContext } from "./dom.js";

export const Names = createContext({
  me: null,
  person: () => null,
  group: () => null,
  conversation: () => null,
  linkTo: () => "#",
  goTo: () => undefined,
  follow: () => false,
});
