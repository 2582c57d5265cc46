"""The shop's health page: 200 while the database answers, with the number of orders."""

import json
import os
import pathlib
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg


class Health(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        try:
            with psycopg.connect(
                os.environ["SHOP_URL"], connect_timeout=3, application_name="backout-shop web"
            ) as connection:
                (count,) = connection.execute("SELECT count(*) FROM orders").fetchone()
            status, said = 200, {"status": "ok", "count": count}
        except psycopg.Error:
            status, said = 503, {"status": "no database"}
        if pathlib.Path("sick").exists():
            status, said = 500, {"status": "sick"}
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(said).encode())

    def log_message(self, *_: object) -> None:
        pass


pathlib.Path(sys.argv[2]).write_text(str(os.getpid()))
server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Health)
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
server.serve_forever()
