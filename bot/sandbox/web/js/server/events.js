// Server-Sent Events that come back by themselves. Whoever listens is told of every gap, and reads the state again.

const FIRST = 500;
const LAST = 8000;

/** Opens `address()` again and again until closed. `onOpen` gets true after a gap. */
export function listen(address, types, { onEvent, onOpen = () => undefined, onLost = () => undefined }) {
  let source = null;
  let timer = null;
  let closed = false;
  let wait = FIRST;
  let lost = false;
  const start = async () => {
    const where = await Promise.resolve().then(() => address(lost)).catch(() => null);
    if (closed) return;
    if (where === null) {
      again();
      return;
    }
    source = new EventSource(where);
    source.onopen = () => {
      wait = FIRST;
      onOpen(lost);
      lost = false;
    };
    source.onerror = again;
    for (const type of types) source.addEventListener(type, (event) => onEvent(type, JSON.parse(event.data)));
  };
  const again = () => {
    source?.close();
    if (closed) return;
    lost = true;
    onLost();
    clearTimeout(timer);
    timer = setTimeout(start, wait);
    wait = Math.min(wait * 2, LAST);
  };
  start();
  return {
    close: () => {
      closed = true;
      clearTimeout(timer);
      source?.close();
    },
    restart: again,
  };
}
