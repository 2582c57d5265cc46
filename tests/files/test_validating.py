from collections.abc import Callable
from pathlib import Path

import pytest

from actions.errors import BackoutError
from actions.files.order import StoppedError
from actions.files.validating import require_valid, validate
from tests.files.rooms import Room

TEMPLATE = {
    "table": "items", "folder": "out", "file": "{id}.yml", "root": "item", "fields": ["id", "note"],
    "related": {"parts": {"table": "parts", "match": {"item": "id"}}},
}  # fmt: skip
SCHEMA = """
CREATE TABLE items (id text, note text); INSERT INTO items VALUES ('a', 'secret'), ('b', 'secret');
CREATE TABLE parts (item text, part int); INSERT INTO parts VALUES ('a', 1), ('a', 2)
"""


def _write(text: str) -> Callable[[Path], object]:
    return lambda file: file.write_text(text)


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        pytest.param(Path.unlink, "`a.yml` is missing", id="lost"),
        pytest.param(_write(""), "`a.yml` has no mapping under `item`", id="emptied"),
        pytest.param(_write("item: [secret"), "`a.yml` is not YAML", id="cut off"),
        pytest.param(_write("item: {id: a, note: x, parts: [1, 2]}"), "`a.yml` was changed since the export", id="changed"),
        pytest.param(_write("item: {id: b, note: x, parts: [1, 2]}"), "not the name that follows from `id`", id="other id"),
        pytest.param(_write("item: {id: a, note: x, parts: [1]}"), "have 1 under `parts`, and the database had 2", id="part"),
        pytest.param(_write("item: {id: a, note: x}"), "`a.yml` has no `parts`", id="no parts"),
        pytest.param(_write("item: {id: a, parts: []}"), "`a.yml` has no `note`", id="no note"),
        pytest.param(lambda file: file.with_name("c.yml").write_text("item: {}"), "There are 3 files", id="one too many"),
        pytest.param(lambda file: (file.unlink(), file.symlink_to("b.yml")), "`a.yml` is not a plain file", id="link"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_what_was_exported_is_named(room: Room, harm: Callable[[Path], object], says: str) -> None:
    room.sql(SCHEMA)
    order = room.order(TEMPLATE)
    exported = room.export(TEMPLATE)
    assert validate(order, exported).passed

    harm(room.home / "out/a.yml")

    validated = validate(order, exported)
    assert not validated.passed
    with pytest.raises(BackoutError) as caught:
        require_valid(validated, where=order.where)
    assert says in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_validation_can_be_stopped(room: Room) -> None:
    room.sql(SCHEMA)
    exported = room.export(TEMPLATE)
    with pytest.raises(StoppedError):
        validate(room.order(TEMPLATE, should_stop=lambda: True), exported)
