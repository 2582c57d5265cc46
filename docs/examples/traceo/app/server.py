"""The MCP server in miniature: counts requirements in whichever storage it was told to use."""

import http.server
import json
import os
from pathlib import Path

STORAGE = os.environ["TRACEO_STORAGE_BACKEND"]


def count():
    if STORAGE == "file":
        return len(list(Path("requirements").glob("*/definition.yml")))
    import psycopg

    with psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=3) as connection:
        return connection.execute("SELECT count(*) FROM requirements WHERE workspace_id = 'default'").fetchone()[0]


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        try:
            body = {
                "/health": lambda: {"status": "ok", "storage": STORAGE},
                "/api/requirements": lambda: {"count": count()},
            }[self.path]()
            status = 200
        except Exception as error:
            status, body = 500, {"error": type(error).__name__}
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("", 8000), Handler).serve_forever()
