"""A stand-in for Strapi: /_health, and a message now and then."""

import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg

URL = os.environ["DATABASE_URL"]


def write() -> None:
    while True:
        try:
            with psycopg.connect(URL, application_name="strapi", autocommit=True) as connection:
                while True:
                    connection.execute(
                        "INSERT INTO messages (conversation_id, body) SELECT id, 'hello' FROM conversations LIMIT 1"
                    )
                    time.sleep(0.2)
        except psycopg.Error:
            time.sleep(0.3)


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        try:
            with psycopg.connect(URL, application_name="strapi", connect_timeout=3) as connection:
                connection.execute("SELECT 1 FROM conversations LIMIT 1")
            status = 200
        except psycopg.Error:
            status = 500
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


threading.Thread(target=write, daemon=True).start()
ThreadingHTTPServer(("", 1337), Page).serve_forever()
