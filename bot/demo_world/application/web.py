"""The page of one of the demo's services: `/health` says which release runs, and whether it is well.

A file `sick` in the service's folder makes it unwell, for those who want to see what happens then.

Usage: web.py SERVICE_FOLDER PORT
"""

import json
import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psycopg
from tether import end_with_the_demo

FOLDER = Path(sys.argv[1])


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status, said = look()
        body = json.dumps({"service": FOLDER.name, **said}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """It has nothing to say on a terminal."""


def look() -> tuple[int, dict[str, object]]:
    is_older = (FOLDER / "older-release").exists()
    said: dict[str, object] = {"release": "older" if is_older else "newest"}
    trouble = FOLDER / "health_older.sql"
    try:
        with psycopg.connect(
            os.environ["DATABASE_URL"], connect_timeout=3, application_name=f"{FOLDER.name} web"
        ) as there:
            revision = there.execute("SELECT version_num FROM alembic_version").fetchone()
            complaint = there.execute(trouble.read_text()).fetchone() if is_older and trouble.exists() else None
    except psycopg.Error:
        return 503, {"status": "no database", **said}
    if (FOLDER / "sick").exists():
        return 500, {"status": "sick", **said}
    if complaint:
        return 500, {"status": complaint[0], **said}
    return 200, {"status": "ok", "revision": revision[0] if revision else None, **said}


def main() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), Page)

    def end() -> None:
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, lambda *_: end())
    end_with_the_demo(end)
    (FOLDER / "web.pid").write_text(str(os.getpid()))
    server.serve_forever()
    (FOLDER / "web.pid").unlink(missing_ok=True)


main()
