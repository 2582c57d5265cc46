"""Tasks for the queue's test, in a module of their own as the product's are."""

import os
from pathlib import Path

import procrastinate

tasks = procrastinate.Blueprint()


@tasks.task(name="write")
def write(path: str, text: str) -> None:
    Path(path).write_text(f"{text} {os.getpid()}")
