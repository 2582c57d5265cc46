"""How much is sent: by a clock that the test moves."""

import pytest

from bot.announcer.pacing import BURST, EDIT_GAP, KEPT_BACK, POST_GAP, Pace


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_one_message_a_second_in_a_channel_and_none_waits_for_another_channel(clock: Clock) -> None:
    pace = Pace(clock)
    assert pace.before_post("C1") == 0
    assert pace.before_post("C2") == 0
    assert pace.before_post("C1") == pytest.approx(POST_GAP)
    clock.now += POST_GAP
    assert pace.before_post("C1") == 0


def test_a_message_is_edited_every_few_seconds_and_at_once_where_it_matters(clock: Clock) -> None:
    pace = Pace(clock)
    assert pace.before_edit("C1", "1", urgent=False) == 0
    clock.now += 1
    assert pace.before_edit("C1", "1", urgent=False) == pytest.approx(EDIT_GAP - 1)
    assert pace.before_edit("C1", "1", urgent=True) == 0
    assert pace.before_edit("C1", "2", urgent=False) == 0


def test_all_edits_share_what_slack_takes_and_what_is_urgent_always_has_some(clock: Clock) -> None:
    pace = Pace(clock)
    done = sum(pace.before_edit("C1", str(number), urgent=False) == 0 for number in range(50))
    assert done == BURST - KEPT_BACK
    assert all(pace.before_edit("C1", f"end {number}", urgent=True) == 0 for number in range(KEPT_BACK))
    assert pace.before_edit("C1", "one too many", urgent=True) > 0
    clock.now += 60
    assert pace.before_edit("C1", "later", urgent=False) == 0


def test_patience_that_one_channel_needs_holds_no_other(clock: Clock) -> None:
    pace = Pace(clock)
    pace.hold("chat.postMessage", "C1", 30)
    assert pace.before_post("C1") == 30
    assert pace.before_post("C2") == 0
    assert pace.before_edit("C1", "1", urgent=True) == 0
    clock.now += 30
    assert pace.before_post("C1") == 0
