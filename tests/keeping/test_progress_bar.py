"""Progress for those who look, for those who do not, and for machines."""

import io

import pytest
from rich.console import Console
from rich.progress import Progress as Bars

from actions.backup.progress import Progress, Stage
from bot.terminal.progress_bar import Drawing, far, watching
from bot.wording.measures import age, clock, count, length, size


def at(stage: Stage, share: float, seconds: float = 10.0) -> Progress:
    return Progress(
        stage=stage, bytes_done=int(2_800_000_000 * share), bytes_total=2_800_000_000, tables_done=int(40 * share),
        tables_total=40, seconds=seconds,
    )  # fmt: skip


def test_where_nobody_looks_there_is_a_line_when_a_stage_begins_and_one_when_it_is_over() -> None:
    stream = io.StringIO()
    with watching(stream=stream) as watch:
        for share in (0.0, 0.3, 1.0):
            watch(at(Stage.DUMP, share))
        watch(at(Stage.RESTORE, 0.5))
    assert stream.getvalue().splitlines() == [
        "Backing up ...", "Backing up: 2.8 GB, 40 tables, 10 s", "Restoring ...", "Restoring: 1.4 GB, 20 tables, 10 s",
    ]  # fmt: skip


def test_a_stage_that_is_over_stands_at_its_end_while_the_next_one_runs() -> None:
    with Bars(console=Console(file=io.StringIO()), auto_refresh=False) as bars:
        drawing = Drawing(bars)
        for share in (0.0, 0.1, 1.0):
            drawing.tell(at(Stage.DUMP, share))
        drawing.tell(at(Stage.RESTORE, 0.2))
        assert [task.completed for task in bars.tasks] == [1.0, pytest.approx(0.2, abs=0.01)]


def test_for_machines_there_is_nothing() -> None:
    stream = io.StringIO()
    with watching(quiet=True, stream=stream) as watch:
        watch(at(Stage.DUMP, 0.5))
    assert stream.getvalue() == ""


def test_beside_the_bar_stand_share_bytes_tables_and_what_is_left() -> None:
    assert far(at(Stage.DUMP, 0.25)) == " 25%  0.7 of 2.8 GB  10 of 40 tables  0:30 left".replace("0.7", "700.0 MB")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (size(None), "-"), (size(999), "999 B"), (size(999_960), "1.0 MB"), (size(2_800_000_000), "2.8 GB"),
        (clock(41), "0:41"), (clock(3723), "1:02:03"), (length(0.01), "under 0.1 s"), (length(250), "4 min 10 s"),
        (count(1, "row"), "1 row"), (count(1204, "row"), "1,204 rows"), (count(2, "index"), "2 indexes"),
    ],
)  # fmt: skip
def test_measures_are_said_as_people_say_them(said: str, expected: str) -> None:
    assert said == expected


def test_an_age_is_never_off_by_half() -> None:
    from datetime import UTC, datetime, timedelta

    now = datetime(2026, 11, 20, tzinfo=UTC)
    for length_, said in ((timedelta(seconds=100), "100 s"), (timedelta(minutes=119), "119 min"),
                          (timedelta(hours=47), "47 h"), (timedelta(days=20), "20 days")):  # fmt: skip
        assert age(now - length_, now) == said
