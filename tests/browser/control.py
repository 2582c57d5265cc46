"""The control side of the local Slack, told by a test what to say: for what the page does with a line that fails.

It keeps to `bot/sandbox/README.md`. Whatever needs a Slack that thinks belongs to the tests against the real one.
"""

import json
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from mimetypes import guess_type
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

Json = dict[str, Any]


class Control:
    def __init__(self, files: Path, policy: str, state: Callable[[str], Json]) -> None:
        self.state = state
        self.messages: dict[str, list[Json]] = {}
        self.acts: list[Json] = []
        self.answers: dict[str, Callable[[Json], Json]] = {}
        self.traffic: list[Json] = []
        self.away = False
        self.asked_since: list[int] = []
        self.number = 0
        self._streams: dict[str, list[queue.Queue[tuple[int, str, Json] | None]]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, self, files, policy))
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"

    @contextmanager
    def serving(self) -> Iterator["Control"]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.drop()
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def tell(self, reader: str, kind: str, /, **data: Any) -> None:
        self.number += 1
        for stream in self._streams.get(reader, []):
            stream.put((self.number, kind, data))

    def drop(self) -> None:
        """Every open stream ends."""
        for streams in self._streams.values():
            for stream in streams:
                stream.put(None)

    def stream(self, reader: str) -> queue.Queue[tuple[int, str, Json] | None]:
        mine: queue.Queue[tuple[int, str, Json] | None] = queue.Queue()
        self._streams.setdefault(reader, []).append(mine)
        return mine


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, control: Control, files: Path, policy: str, *rest: Any) -> None:
        self.control, self.files, self.policy = control, files, policy
        super().__init__(*rest)

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(asked.query).items()}
        control = self.control
        if asked.path.startswith("/control/") and control.away:
            self.send_error(503)
        elif asked.path == "/control/state":
            self._say({"ok": True, "cursor": control.number, **control.state(query.get("as", "U1"))})
        elif asked.path == "/control/messages":
            top = [
                one for one in control.messages.get(query["channel"], []) if one.get("thread_ts") in {None, one["ts"]}
            ]
            self._say(
                {
                    "ok": True,
                    "messages": [one for one in top if one["ts"] < query.get("before", "9")],
                    "has_more": False,
                }
            )
        elif asked.path == "/control/thread":
            mine = [
                one for one in control.messages[query["channel"]] if query["ts"] in {one["ts"], one.get("thread_ts")}
            ]
            self._say({"ok": True, "messages": mine})
        elif asked.path == "/control/events":
            control.asked_since.append(int(query["since"]))
            self._stream(control.stream(query["as"]))
        elif asked.path == "/control/traffic":
            stream = control.stream("traffic")
            for one in control.traffic:
                stream.put((one["id"], "traffic", one))
            self._stream(stream)
        else:
            self._file(asked.path)

    def do_POST(self) -> None:
        act = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.control.acts.append(act)
        self._say(self.control.answers.get(act["act"], lambda _: {"ok": True})(act))

    def _stream(self, mine: queue.Queue[tuple[int, str, Json] | None]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self.wfile.write(b": hello\n\n")
        self.wfile.flush()
        while (entry := mine.get()) is not None:
            number, kind, data = entry
            self.wfile.write(f"id: {number}\nevent: {kind}\ndata: {json.dumps(data)}\n\n".encode())
            self.wfile.flush()

    def _say(self, body: Json) -> None:
        self._send(json.dumps(body).encode(), "application/json", "no-store")

    def _file(self, path: str) -> None:
        file = self.files / (path[1:] or "index.html")
        self._send(file.read_bytes(), guess_type(file.name)[0] or "application/octet-stream", "max-age=600")

    def _send(self, body: bytes, kind: str, keep: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", self.policy)
        self.send_header("Cache-Control", keep)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Silence: a test says what it needs."""
