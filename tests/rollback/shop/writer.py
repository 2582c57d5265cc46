"""A writer of the shop: one order every 50 ms, until it is asked to end."""

import os
import pathlib
import signal
import sys
import time

import psycopg

over = []
signal.signal(signal.SIGTERM, lambda *_: over.append(1))
pathlib.Path(sys.argv[1]).write_text(str(os.getpid()))
while not over:
    try:
        with psycopg.connect(os.environ["SHOP_URL"], autocommit=True, application_name="shop writer") as connection:
            while not over:
                connection.execute("INSERT INTO orders (item) VALUES ('a thing')")
                time.sleep(0.05)
    except psycopg.Error:
        time.sleep(0.2)
