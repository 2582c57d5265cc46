"""The API: a health page, and a paper ten times a second."""

import json
import os
import signal
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg

over = threading.Event()


class Health(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        try:
            with psycopg.connect(
                os.environ["DATABASE_URL"], connect_timeout=3, application_name="backout-radar health"
            ) as connection:
                connection.execute("SELECT count(*) FROM papers")
            status, said = 200, {"status": "ok", "release": os.environ["RELEASE"]}
        except psycopg.Error:
            status, said = 503, {"status": "no database"}
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(said).encode())

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    def server_bind(self) -> None:
        # Every pod has an address of its own in a cluster; here they share one.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        super().server_bind()


def write() -> None:
    while not over.is_set():
        try:
            with psycopg.connect(
                os.environ["DATABASE_URL"], autocommit=True, application_name="radar api"
            ) as connection:
                while not over.wait(0.1):
                    connection.execute("INSERT INTO papers (title, domain) VALUES ('a paper', 'AI')")
        except psycopg.Error:
            time.sleep(0.2)


server = Server(("127.0.0.1", int(os.environ["PORT"])), Health)
writer = threading.Thread(target=write)
writer.start()


def leave(*_: object) -> None:
    over.set()
    threading.Thread(target=server.shutdown).start()


signal.signal(signal.SIGTERM, leave)
server.serve_forever()
writer.join()
