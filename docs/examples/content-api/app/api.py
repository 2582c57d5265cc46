"""/health: the release, and whether the columns that it needs are there."""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg

RELEASE = os.environ["RELEASE"]
#: Release 2.0 reads what its migration has added.
NEEDS = {"2.0": "SELECT preferences FROM users LIMIT 1"}.get(RELEASE, "SELECT email FROM users LIMIT 1")


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        try:
            with psycopg.connect(
                os.environ["DATABASE_URL"], application_name="content api", connect_timeout=3
            ) as connection:
                connection.execute(NEEDS)
            status, said = 200, {"status": "ok", "release": RELEASE}
        except psycopg.Error as error:
            print(type(error).__name__, flush=True)
            status, said = 500, {"status": "broken", "release": RELEASE}
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


ThreadingHTTPServer(("", 8000), Page).serve_forever()
