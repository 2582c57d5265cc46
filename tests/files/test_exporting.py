import os
import re
import resource
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import psycopg
import pytest

from actions.errors import BackoutError, ConfigurationError, RefusedError, UnavailableError
from actions.files.content import UnwritableError
from actions.files.exporting import export
from actions.files.order import Progress, StoppedError
from tests.files.rooms import SIMPLE, Room, nothing_written

ITEMS = "CREATE TABLE items (id text, note text, amount int); INSERT INTO items VALUES ('a', 'one', 1), ('b', 'two', 2)"


@pytest.fixture
def items(room: Room) -> Room:
    room.sql(ITEMS)
    return room


def test_a_file_that_says_the_same_is_not_written_again(items: Room) -> None:
    items.export()
    before = {name: (items.home / "out" / name).stat() for name in items.files()}

    exported = items.export()

    after = {name: (items.home / "out" / name).stat() for name in items.files()}
    assert (exported.written, exported.unchanged) == (0, 2)
    assert {n: (s.st_ino, s.st_mtime_ns) for n, s in after.items()} == {
        n: (s.st_ino, s.st_mtime_ns) for n, s in before.items()
    }


def test_a_file_of_ours_that_somebody_has_changed_since_is_theirs(items: Room) -> None:
    items.export()
    (items.home / "out/a.yml").write_text("id: mine\n")
    items.sql("DELETE FROM items")

    exported = items.export()

    assert items.files() == ["a.yml"]
    assert (exported.removed, exported.strangers) == (1, ("a.yml",))


def test_a_file_of_somebody_else_that_happens_to_say_the_same_stays_theirs(items: Room) -> None:
    items.export()
    for ours in (items.home / "out").glob(".backout*"):
        ours.unlink()
    assert items.export().unchanged == 2
    items.sql("DELETE FROM items")

    assert items.export().removed == 0
    assert items.files() == ["a.yml", "b.yml"]


def test_other_files_in_the_folder_are_nobodys_business(items: Room) -> None:
    (items.home / "out/sub").mkdir(parents=True)
    (items.home / "out/README.md").write_text("x")
    (items.home / "out/sub/c.yml").write_text("x")

    exported, validated = items.both()

    assert exported.strangers == ()
    assert validated.passed
    assert items.files() == ["README.md", "a.yml", "b.yml", "sub/c.yml"]


def test_two_exports_into_one_folder_do_not_remove_each_others_files(items: Room) -> None:
    other = {"table": "others", "folder": "out", "file": "other-{id}.yml"}
    items.sql("CREATE TABLE others (id int); INSERT INTO others VALUES (1)")
    for _ in range(2):
        items.export({**SIMPLE, "file": "item-{id}.yml"})
        items.export(items.order(other).template.named("others"))

    assert items.files() == ["item-a.yml", "item-b.yml", "other-1.yml"]


def test_another_name_of_the_files_moves_them(items: Room) -> None:
    items.export()
    items.export({**SIMPLE, "file": "{id}/item.yml"})

    assert items.files() == ["a/item.yml", "b/item.yml"]


@pytest.mark.parametrize(
    ("written", "file"),
    [
        pytest.param("x/y", "x%2Fy.yml", id="slash"),
        pytest.param("..", "%2E..yml", id="two dots"),
        pytest.param("../../etc/passwd", "%2E.%2F..%2Fetc%2Fpasswd.yml", id="way out"),
        pytest.param(".git", "%2Egit.yml", id="hidden"),
        pytest.param("NUL", "%4EUL.yml", id="device"),
        pytest.param("100%", "100%.yml", id="percent"),
        pytest.param("a%2Fb", "a%252Fb.yml", id="looks escaped"),
        pytest.param("a b: ü*", "a b: ü*.yml", id="stays as it is"),
        pytest.param("line\nline", "line%0Aline.yml", id="line break"),
    ],
)
def test_values_that_cannot_be_names_are_escaped(items: Room, written: str, file: str) -> None:
    with psycopg.connect(items.url, autocommit=True) as connection:
        connection.execute("TRUNCATE items")
        connection.execute("INSERT INTO items VALUES (%s)", [written])

    exported, validated = items.both()

    assert items.files() == [file]
    assert items.read(file)["id"] == written
    assert exported.escaped == (file != f"{written}.yml")
    assert validated.passed, validated.faults
    assert sorted(path.name for path in items.home.iterdir()) == ["out"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param("INSERT INTO items VALUES ('a')", "Two rows of `items`", id="twice"),
        pytest.param("INSERT INTO items VALUES ('A')", "differ in case or accents only", id="case"),
        pytest.param("INSERT INTO items VALUES (U&'\\00e9'), (U&'e\\0301')", "accents", id="accents"),
        pytest.param("INSERT INTO items VALUES ('')", "nothing in the column `id`", id="empty"),
        pytest.param("INSERT INTO items VALUES (NULL)", "nothing in the column `id`", id="null"),
        pytest.param("INSERT INTO items VALUES (repeat('ü', 130))", "longer than 255 bytes", id="too long"),
    ],
)
def test_names_that_cannot_be_are_refused_before_anything_is_written(items: Room, change: str, says: str) -> None:
    items.sql(change)

    with nothing_written(items), pytest.raises(ConfigurationError, match=says):
        items.export()
    assert not (items.home / "out").exists()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param({"table": "itens"}, "no table `itens`", id="table"),
        pytest.param({"table": "public.itens"}, "no table `public.itens`", id="table with schema"),
        pytest.param({"fields": ["id", "nota"]}, "(?s)no column `nota`.*Did you mean `note`", id="column"),
        pytest.param({"file": "{key}.yml"}, "no column `key`", id="column of the name"),
        pytest.param({"where": {"hidden": True}}, "no column `hidden`", id="column of where"),
        pytest.param({"where": {"amount": "many"}}, "`where` is not of its column's type", id="value of where"),
        pytest.param({"fields": {"n": {"column": "amount", "parse": "json"}}}, "`amount` of `items` is integer", id="parse"),
        pytest.param({"file": ".backout-export-{id}.yml"}, "Backout's own", id="our names"),
        pytest.param({"related": {"note": {"table": "items", "match": {"id": "id"}}}}, "both a column", id="clash"),
        pytest.param({"related": {"x": {"table": "items", "match": {"id": "amount"}}}}, "cannot be compared", id="match"),
        pytest.param({"related": {"x": {"table": "items", "match": {"id": "i"}}}}, "no column `i`", id="match's column"),
        pytest.param({"related": {"x": {"table": "none", "match": {"id": "id"}}}}, "no table `none`", id="related table"),
    ],
)  # fmt: skip
def test_a_template_that_does_not_fit_the_database_is_refused(items: Room, change: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        items.export({**SIMPLE, **change})
    assert not (items.home / "out").exists()


def test_related_rows_belong_to_their_row_by_several_columns_and_in_their_order(items: Room) -> None:
    items.sql(
        "CREATE TABLE parts (item text, number smallint, place numeric, gone bool, label char(5))",
        "INSERT INTO parts VALUES ('a', 1, 2, false, 'x'), ('a', 1, 1, false, 'y'), ('a', 2, 1, false, 'z'), "
        "('b', 2, 1, true, 'v'), ('b', 2, 1, false, 'w'), (NULL, 2, 1, false, 'u')",
    )
    related = {
        "table": "parts", "match": {"item": "id", "number": "amount"}, "fields": ["label"],
        "order_by": ["place"], "where": {"gone": False},
    }  # fmt: skip

    exported, validated = items.both({**SIMPLE, "related": {"parts": related}})

    assert items.read("a.yml")["parts"] == [{"label": "y    "}, {"label": "x    "}]
    assert items.read("b.yml")["parts"] == [{"label": "w    "}]
    assert exported.related == {"parts": 3}
    assert validated.passed, validated.faults


def test_a_single_related_row_is_a_mapping_or_nothing_and_two_are_refused(items: Room) -> None:
    items.sql(
        "CREATE TABLE owners (item text, name text); INSERT INTO owners VALUES ('a', 'Ann'), ('x', 'X'), ('x', 'Y')"
    )
    template = {**SIMPLE, "related": {"owner": {"table": "owners", "match": {"item": "id"}, "single": True}}}

    _, validated = items.both(template)
    assert items.read("a.yml")["owner"] == {"item": "a", "name": "Ann"}
    assert items.read("b.yml")["owner"] is None
    assert validated.passed, validated.faults

    items.sql("INSERT INTO owners VALUES ('a', 'Bob')")
    with pytest.raises(ConfigurationError, match="`owner` is `single`, and 1 rows"):
        items.export(template)


def test_many_related_rows_over_many_batches_come_to_their_rows(room: Room) -> None:
    room.sql(
        "CREATE TABLE items AS SELECT n AS id FROM generate_series(1, 3000) n",
        "CREATE TABLE parts AS SELECT n AS part, n % 3001 AS item FROM generate_series(1, 20000) n",
    )
    related = {"parts": {"table": "parts", "match": {"item": "id"}, "fields": ["part"]}}

    _, validated = room.both({**SIMPLE, "related": related})

    assert validated.passed, validated.faults
    assert validated.related["parts"] == 19994
    # Without a key and an order, by the row's own text.
    assert [each["part"] for each in room.read("7.yml")["parts"]] == [12011, 15012, 18013, 3008, 6009, 7, 9010]


def test_bad_json_is_named_by_its_place_and_not_repeated(items: Room) -> None:
    items.sql(
        "UPDATE items SET note = '{\"secret\": oops' WHERE id = 'b'", "UPDATE items SET note = '[]' WHERE id = 'a'"
    )

    with pytest.raises(UnwritableError) as caught:
        items.export({**SIMPLE, "fields": {"n": {"column": "note", "parse": "json"}}})

    assert "The column `note` of `items` is not JSON (line 1, column 12) in the row of `b.yml`" in str(caught.value)
    assert "oops" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_links_do_not_lead_out_of_the_folder(items: Room, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "target.yml").write_text("mine")
    (items.home / "out").mkdir()
    (items.home / "out/a").symlink_to(outside)
    with pytest.raises(ConfigurationError, match="symbolic link"):
        items.export({**SIMPLE, "file": "{id}/x.yml"})

    (items.home / "out/a.yml").symlink_to(outside / "target.yml")
    items.export()
    assert not (items.home / "out/a.yml").is_symlink()

    (items.home / "linked").symlink_to(outside)
    with pytest.raises(ConfigurationError, match="symbolic link"):
        items.export({**SIMPLE, "folder": "linked"})
    assert [(path.name, path.read_text()) for path in outside.iterdir()] == [("target.yml", "mine")]


def test_a_record_that_names_files_outside_removes_none(items: Room) -> None:
    (items.home / "keep.yml").write_text("x")
    items.export()
    record = next((items.home / "out").glob(".backout-export-*"))
    from actions.files.folder import mark_of

    record.write_text(record.read_text() + f'["../keep.yml", "{mark_of(b"x")}"]\nnot json\n["half')

    assert items.export().removed == 0
    assert (items.home / "keep.yml").exists()


def test_a_folder_in_a_files_place_is_named(items: Room) -> None:
    (items.home / "out/a.yml").mkdir(parents=True)

    with pytest.raises(ConfigurationError, match=r"a\.yml is a folder"):
        items.export()


def test_a_folder_that_is_not_there_or_may_not_be_written_is_named(items: Room) -> None:
    with pytest.raises(ConfigurationError, match="no folder"):
        export(items.order(SIMPLE).__class__(service="s", template=items.order(SIMPLE).template, url=items.url, home=items.home / "x"))  # fmt: skip
    if Path("/proc/1").exists():
        order = items.order({**SIMPLE, "folder": "sys"})
        with pytest.raises(BackoutError, match="/proc/sys"):
            export(order.__class__(service="s", template=order.template, url=items.url, home=Path("/proc")))


def test_a_full_disk_is_said_and_the_next_export_completes(items: Room) -> None:
    items.sql("INSERT INTO items SELECT 'n' || n, repeat('x', 100000) FROM generate_series(1, 3) n")
    child = os.fork()
    if child == 0:
        # A limit on the size of files stands for the disk: the system refuses in the middle of a file.
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
        try:
            items.export()
        except BackoutError:
            os._exit(7)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert all(b"\n" in (items.home / "out" / name).read_bytes()[-1:] for name in items.files())

    exported, validated = items.both()
    assert validated.passed, validated.faults
    assert exported.files == 5


def test_a_stop_leaves_whole_files_and_the_next_export_completes_them(room: Room) -> None:
    room.sql("CREATE TABLE items AS SELECT n AS id FROM generate_series(1, 2000) n")
    seen: list[Progress] = []

    with pytest.raises(StoppedError):
        room.export(watch=seen.append, should_stop=lambda: len(seen) > 15)

    begun = len(room.files())
    assert 0 < begun < 2000
    exported, validated = room.both()
    assert (exported.unchanged, exported.written) == (begun, 2000 - begun)
    assert validated.passed
    # What the stopped one wrote is ours too.
    room.sql("DELETE FROM items WHERE id > 5")
    assert room.export().removed == 1995


def test_progress_grows_to_its_end(items: Room) -> None:
    seen: list[Progress] = []
    items.export(watch=seen.append)

    fractions = [each.fraction for each in seen]
    assert fractions == sorted(fractions)
    assert (fractions[0], fractions[-1]) == (0.0, 1.0)
    assert all(each.words for each in seen)


def test_all_is_read_in_one_moment(room: Room) -> None:
    room.sql("CREATE TABLE items AS SELECT n AS id, 0 AS amount FROM generate_series(1, 1000) n")

    def meddle(now: Progress) -> None:
        if now.words.startswith("Writing files: 0"):
            room.sql("UPDATE items SET amount = 1", "DELETE FROM items WHERE id > 500")

    exported = room.export(watch=meddle)

    assert (exported.files, exported.counted) == (1000, 1000)
    assert {room.read(name)["amount"] for name in room.files()} == {0}


def test_two_at_once_are_not_let_into_one_folder(items: Room) -> None:
    inside, done = threading.Event(), threading.Event()

    def hold(now: Progress) -> None:
        if now.words.startswith("Writing"):
            inside.set()
            done.wait(20)

    first = threading.Thread(target=lambda: items.export(watch=hold))
    first.start()
    try:
        assert inside.wait(20)
        with pytest.raises(RefusedError, match="Another export"):
            items.export()
    finally:
        done.set()
        first.join()
    assert items.files() == ["a.yml", "b.yml"]


def test_rows_hidden_by_row_security_are_an_error_not_a_smaller_export(items: Room) -> None:
    items.sql(
        "DROP ROLE IF EXISTS export_reader; CREATE ROLE export_reader LOGIN PASSWORD 'reader-of-it'",
        "GRANT SELECT ON items TO export_reader; ALTER TABLE items ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY theirs ON items USING (id = 'a')",
    )
    try:
        order = items.order(SIMPLE)
        url = re.sub(r"//[^@/]*@", "//export_reader:reader-of-it@", items.url)
        with pytest.raises(ConfigurationError, match="row-level security"):
            export(order.__class__(service="s", template=order.template, url=url, home=items.home))
    finally:
        items.sql("DROP OWNED BY export_reader; DROP ROLE export_reader")


def test_a_server_that_is_away_is_said_without_its_address(items: Room) -> None:
    order = items.order(SIMPLE)
    url = "postgresql://someone:hunter22@127.0.0.1:1/shop"
    with pytest.raises(UnavailableError) as caught:
        export(order.__class__(service="s", template=order.template, url=url, home=items.home))
    assert "hunter22" not in str(caught.value)


def test_odd_names_of_tables_and_columns_are_no_matter(room: Room) -> None:
    room.sql(
        'CREATE SCHEMA "My ""Schema"""',
        'CREATE TABLE "My ""Schema"""."100% Größe" ("Id %s" int PRIMARY KEY, "a ""b"" {c}" text, r text)',
        'INSERT INTO "My ""Schema"""."100% Größe" VALUES (1, \'x\', \'y\')',
    )
    template = {
        "table": 'My "Schema".100% Größe', "folder": "out", "file": "{Id %s}.yml", "where": {"Id %s": 1},
        "related": {"same": {"table": 'My "Schema".100% Größe', "match": {"Id %s": "Id %s"}}},
    }  # fmt: skip

    _, validated = room.both(template)

    row = {"Id %s": 1, 'a "b" {c}': "x", "r": "y"}
    assert room.read("1.yml") == {**row, "same": [row]}
    assert validated.passed, validated.faults


def test_more_columns_than_a_function_takes_are_written(room: Room) -> None:
    columns = ", ".join(f"c{number} int DEFAULT {number}" for number in range(300))
    room.sql(f"CREATE TABLE items (id int, {columns}); INSERT INTO items VALUES (1)")

    room.export()

    assert room.read("1.yml") == {"id": 1, **{f"c{number}": number for number in range(300)}}


def test_views_and_partitions_are_exported_like_tables(room: Room) -> None:
    room.sql(
        "CREATE TABLE years (id int, year int) PARTITION BY LIST (year)",
        "CREATE TABLE year_1 PARTITION OF years FOR VALUES IN (1); CREATE TABLE year_2 PARTITION OF years FOR VALUES IN (2)",
        "INSERT INTO years VALUES (1, 1), (2, 2)",
        "CREATE VIEW items AS SELECT * FROM years",
    )
    assert room.export().files == 2
    assert room.export({**SIMPLE, "table": "years"}).unchanged == 2


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.slow
def test_an_export_of_many_rows_is_flat_in_memory(room: Room) -> None:
    room.sql("CREATE TABLE items AS SELECT n AS id, repeat('word ', 8000) AS note FROM generate_series(1, 2500) n")
    script = (
        "import sys, pathlib; from tests.files.rooms import Room; "
        "room = Room(url=sys.argv[1], home=pathlib.Path(sys.argv[2])); room.export(); "
        # Not getrusage: its maximum is inherited from whoever started us.
        "print(pathlib.Path('/proc/self/status').read_text().partition('VmHWM:')[2].split()[0])"
    )
    root = Path(__file__).parents[2]
    ran = subprocess.run(
        [sys.executable, "-c", script, room.url, str(room.home)], capture_output=True, text=True, check=True, cwd=root
    )
    # 100 MB of text went through.
    assert int(ran.stdout) < 90_000
