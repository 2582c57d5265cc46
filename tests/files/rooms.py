"""A database, a service's folder, and an export between them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import yaml

from actions.catalog.exports import Export
from actions.files.exporting import export
from actions.files.order import Exported, ExportOrder, Validated
from actions.files.validating import validate

SIMPLE = {"table": "items", "folder": "out", "file": "{id}.yml"}


@dataclass(kw_only=True)
class Room:
    """What a test works in."""

    url: str
    home: Path
    moments: list[Any] = field(default_factory=list)

    def sql(self, *statements: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def order(self, template: dict[str, Any] | Export, **more: Any) -> ExportOrder:
        entry = template if isinstance(template, Export) else Export.model_validate(template).named("items")
        return ExportOrder(service="shop", template=entry, url=self.url, home=self.home, **more)

    def export(self, template: dict[str, Any] | Export = SIMPLE, **more: Any) -> Exported:
        return export(self.order(template, **more))

    def both(self, template: dict[str, Any] | Export = SIMPLE) -> tuple[Exported, Validated]:
        order = self.order(template)
        exported = export(order)
        return exported, validate(order, exported)

    def read(self, name: str) -> Any:
        return yaml.load((self.home / "out" / name).read_text(), Loader=yaml.CSafeLoader)

    def files(self, folder: str = "out") -> list[str]:
        """Without our own."""
        top = self.home / folder
        return sorted(
            str(path.relative_to(top))
            for path in top.rglob("*")
            if not path.is_dir() and not path.name.startswith(".backout")
        )


@contextmanager
def nothing_written(room: Room) -> Iterator[None]:
    """No row's file was, that is."""
    before = room.files() if (room.home / "out").exists() else []
    yield
    assert (room.files() if (room.home / "out").exists() else []) == before
