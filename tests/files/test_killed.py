import random
import shutil
import time

import pytest

from actions.files.order import Progress
from tests.files.dying import TEMPLATE
from tests.files.rooms import Room
from tests.restore.killing import nursery, wait

KILLS = 12


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_killed_at_any_moment_every_file_is_whole_and_the_next_export_completes(room: Room) -> None:
    room.sql(
        "CREATE TABLE items AS SELECT n AS id, repeat('word ', 300) AS note FROM generate_series(1, 400) n",
        "CREATE TABLE parts AS SELECT n AS part, n % 400 AS item FROM generate_series(1, 2000) n",
    )
    rng, amid = random.Random(7), 0  # noqa: S311  not a secret
    with nursery("tests.files.dying") as children:
        for number in range(KILLS):
            if number % 4 == 0:
                shutil.rmtree(room.home / "out", ignore_errors=True)
                seconds = _seconds_of_writing(room)
            # Half of the rows change their text, and others come and go.
            room.sql(
                f"UPDATE items SET note = 'turn {number} ' || repeat('x', 1500) WHERE id % 2 = {number % 2}",
                "DELETE FROM items WHERE id > 400",
                f"INSERT INTO items SELECT 401 + {number} * 10 + n, 'new' FROM generate_series(1, 9) n",
            )
            after = rng.uniform(0, seconds)
            wait(children.start("tests.files.dying:export_in_child", url=room.url, home=str(room.home), after=after))
            amid += not (room.home / "done").exists()
            (room.home / "done").unlink(missing_ok=True)
            for name in room.files():
                tree = room.read(name)
                assert f"{tree['id']}/item.yml" == name
                assert list(tree) == ["id", "note", "parts"]
            if number % 3 == 2:
                _completes(room)
    assert amid > KILLS // 3


def _seconds_of_writing(room: Room) -> float:
    moments: list[float] = []

    def watch(now: Progress) -> None:
        if now.words.startswith(("Writing files: 0 ", "Looking for files of rows")):
            moments.append(time.monotonic())

    room.export(TEMPLATE, watch=watch)
    return moments[1] - moments[0]


def _completes(room: Room) -> None:
    exported, validated = room.both(TEMPLATE)
    assert validated.passed, validated.faults
    assert exported.files == 409 == len(room.files())
    assert exported.strangers_count == 0
    left = {path.name for path in (room.home / "out").glob(".backout*")}
    assert left == {".backout-export-items.jsonl"}
