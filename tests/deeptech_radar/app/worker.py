"""One run of a CronJob: a repository more."""

import os
import sys

import psycopg

with psycopg.connect(os.environ["DATABASE_URL"], application_name="radar worker") as connection:
    connection.execute("INSERT INTO repositories (name) VALUES (%s)", [sys.argv[1]])
