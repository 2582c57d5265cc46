"""What is killed: an export in a process of its own."""

from pathlib import Path

from tests.files.rooms import Room

TEMPLATE = {
    "table": "items", "folder": "out", "file": "{id}/item.yml",
    "related": {"parts": {"table": "parts", "match": {"item": "id"}}},
}  # fmt: skip


def export_in_child(url: str, home: str) -> None:
    Room(url=url, home=Path(home)).export(TEMPLATE)
