"""Between the program and the local Slack: it counts the calls, and strikes at the one that a test names.

Before the call is done, or after it was done and nobody was told: what lies between two calls is one of these. What Slack sends
goes its own way.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import urlsplit

When = Literal["before", "after"]
#: Made by every process at its start, whatever there is to tell.
OF_THE_START = ("auth.test", "apps.connections.open")
PASSED_ON = ("authorization", "content-type", "user-agent")
SECONDS = 60


@dataclass
class Between:
    behind: str
    url: str = ""
    #: The methods that were called since it counts, in their order.
    made: list[str] = field(default_factory=list)
    #: What happens at which call; each once.
    blows: dict[int, When] = field(default_factory=dict)
    struck: list[str] = field(default_factory=list)
    strike: Callable[[], None] = lambda: None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def counts_anew(self, blows: dict[int, When], strike: Callable[[], None]) -> None:
        with self._lock:
            self.made, self.struck, self.blows, self.strike = [], [], dict(blows), strike

    def number(self, method: str) -> int:
        """0: it is none of those that count."""
        with self._lock:
            if method in OF_THE_START:
                return 0
            self.made.append(method)
            return len(self.made)

    def falls(self, number: int, when: When) -> bool:
        """Whether the blow fell: then whoever called is gone."""
        with self._lock:
            if self.blows.get(number) != when:
                return False
            del self.blows[number]
            self.struck.append(f"{when} {self.made[number - 1]}, call {number}")
            # Whoever calls meanwhile waits here, and is gone then, too.
            self.strike()
            return True


@contextmanager
def between(behind: str) -> Iterator[Between]:
    """`behind`: the address of the local Slack."""
    made = Between(behind=behind)
    where = urlsplit(behind)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            number = made.number(urlsplit(self.path).path.rpartition("/")[2])
            self.close_connection = True
            if made.falls(number, "before"):
                return
            connection = HTTPConnection(where.hostname or "", where.port, timeout=SECONDS)
            with suppress(OSError, HTTPException):
                connection.request("POST", self.path, body, self._headers())
                answer = connection.getresponse()
                told = answer.read()
                if not made.falls(number, "after"):
                    self._say(answer.status, told, answer.getheaders())
            connection.close()

        do_GET = do_POST

        def _headers(self) -> dict[str, str]:
            return {name: value for name, value in self.headers.items() if name.lower() in PASSED_ON}

        def _say(self, status: int, told: bytes, headers: list[tuple[str, str]]) -> None:
            self.send_response(status)
            for name, value in headers:
                if name.lower() in ("content-type", "retry-after") or name.lower().startswith("x-"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Those who were killed hang up."""

    server = Server(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_port}/api/"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
