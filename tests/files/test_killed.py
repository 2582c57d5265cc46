import shutil

import yaml

from tests.files.dying import TEMPLATE
from tests.files.rooms import Room
from tests.restore.killing import moments, nursery

KILLS = 12


def test_killed_at_any_moment_every_file_is_whole_and_the_next_export_completes(room: Room) -> None:
    room.sql(
        "CREATE TABLE items AS SELECT n AS id, repeat('word ', 300) AS note FROM generate_series(1, 400) n",
        "CREATE TABLE parts AS SELECT n AS part, n % 400 AS item FROM generate_series(1, 2000) n",
    )
    arguments = {"url": room.url, "home": str(room.home)}
    with nursery("tests.files.dying") as children:
        whole = children.seconds("tests.files.dying:export_in_child", **arguments)
        amid = 0
        for number, moment in enumerate(moments(KILLS, whole)):
            if number % 5 == 0:
                shutil.rmtree(room.home / "out", ignore_errors=True)
            # Half of the rows change their text, and others come and go.
            room.sql(
                f"UPDATE items SET note = 'turn {number} ' || repeat('x', 1500) WHERE id % 2 = {number % 2}",
                f"DELETE FROM items WHERE id > 400; INSERT INTO items SELECT 401 + {number} * 10 + n, 'new' FROM generate_series(1, 9) n",
            )
            amid += children.start_and_kill("tests.files.dying:export_in_child", after=moment, **arguments)
            names = room.files() if (room.home / "out").exists() else []
            for name in names[::7]:
                tree = room.read(name)
                assert f"{tree['id']}/item.yml" == name
                assert list(tree) == ["id", "note", "parts"]
            if number % 3 == 2:
                exported, validated = room.both(TEMPLATE)
                assert validated.passed, validated.faults
                assert exported.files == 409 == len(room.files())
                assert exported.strangers_count == 0
                assert not list((room.home / "out").glob(".backout-export-*.new"))
                assert not list((room.home / "out").glob(".backout-export-*.journal"))
    assert amid > KILLS // 3
    assert yaml.safe_load((room.home / "out/1/item.yml").read_text())["id"] == 1
