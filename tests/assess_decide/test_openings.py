"""When a maintenance window opens next."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actions.assess.decide.openings import next_opening
from actions.catalog.schedules import Window
from tests.assess_decide import worlds
from tests.fuzzing import examples


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("window", "after", "opens"),
    [
        pytest.param({"opens": "22:00", "closes": "23:00"}, "2026-07-29T03:00", "2026-07-29T22:00", id="today"),
        pytest.param({"opens": "02:00", "closes": "03:00"}, "2026-07-29T03:00", "2026-07-30T02:00", id="tomorrow"),
        pytest.param(
            {"opens": "02:00", "closes": "03:00", "days": "tue"}, "2026-07-29T03:00", "2026-08-04T02:00", id="next week"
        ),
        pytest.param(
            {"opens": "22:00", "closes": "23:00", "timezone": "Europe/Berlin"},
            "2026-07-29T03:00", "2026-07-29T20:00", id="in its own time zone"),
        pytest.param(
            {"opens": "02:30", "closes": "05:00", "timezone": "Europe/Berlin"},
            "2026-03-28T12:00", "2026-03-29T01:00", id="its first half hour is skipped in spring"),
        pytest.param(
            {"opens": "02:10", "closes": "02:50", "timezone": "Europe/Berlin"},
            "2026-03-28T12:00", "2026-03-30T00:10", id="the whole of it is skipped in spring"),
        pytest.param(
            {"opens": "02:10", "closes": "02:50", "days": "sun", "timezone": "Europe/Berlin"},
            "2026-03-28T12:00", "2026-04-05T00:10", id="its only day of the week is skipped"),
        pytest.param(
            {"opens": "02:10", "closes": "02:50", "timezone": "Europe/Berlin"},
            "2026-10-24T23:00", "2026-10-25T00:10", id="comes twice in autumn: the first"),
        pytest.param(
            {"opens": "02:10", "closes": "02:50", "timezone": "Europe/Berlin"},
            "2026-10-25T00:55", "2026-10-25T01:10", id="comes twice in autumn: the second"),
    ],
)  # fmt: skip
def test_the_next_opening_is_named(window: dict[str, str], after: str, opens: str) -> None:
    found = next_opening([Window(**window)], at(after))
    assert found is not None
    assert found.at == at(opens)


def test_the_first_of_several_windows_counts() -> None:
    windows = [Window(opens="22:00", closes="23:00"), Window(opens="05:00", closes="06:00", timezone="Asia/Tokyo")]
    found = next_opening(windows, at("2026-07-29T03:00"))
    assert str(found) == "Thu 30 Jul 2026 05:00 Asia/Tokyo"
    assert next_opening([], at("2026-07-29T03:00")) is None


@settings(max_examples=examples(25), deadline=None)
@given(worlds.windows, st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)))  # noqa: DTZ001
def test_a_closed_window_opens_at_the_named_moment_and_not_before(window: Window, moment: datetime) -> None:
    after = moment.replace(second=0, microsecond=0, tzinfo=UTC)
    if window.covers(after):
        return
    found = next_opening([window], after)
    assert found is not None
    assert found.at > after
    assert window.covers(found.at)
    hours = min(int((found.at - after) / timedelta(minutes=7)), 300)
    assert not any(window.covers(after + timedelta(minutes=7 * step)) for step in range(hours))
