"""When a maintenance window opens next, in its own time zone, also across a change to or from summer time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from actions.catalog.schedules import WEEK, Window, zone

_MINUTE = timedelta(minutes=1)
#: A weekly window can miss one week: its only hour does not exist on the day when clocks go forward.
_DAYS_AHEAD = 15


@dataclass(frozen=True, kw_only=True, slots=True)
class Opening:
    """The moment at which a window opens."""

    at: datetime
    window: Window

    def __str__(self) -> str:
        local = self.at.astimezone(zone(self.window.timezone))
        return f"{local:%a} {local.day} {local:%b %Y %H:%M} {self.window.timezone}"


def next_opening(windows: Sequence[Window], after: datetime) -> Opening | None:
    """The first moment after this one at which any of the windows opens."""
    openings = [
        Opening(at=at, window=window) for window in windows for at in [_first_of(window, after)] if at is not None
    ]
    return min(openings, key=lambda opening: (opening.at, opening.window.timezone), default=None)


def _first_of(window: Window, after: datetime) -> datetime | None:
    local = after.astimezone(zone(window.timezone))
    for days in range(_DAYS_AHEAD):
        day = local.date() + timedelta(days=days)
        if WEEK[day.weekday()] not in window.days:
            continue
        moments = [at for at in _moments(window, datetime.combine(day, window.opens)) if at > after]
        if moments:
            return min(moments)
    return None


def _moments(window: Window, opens: datetime) -> Iterator[datetime]:
    """When the clocks there show this time: once, twice in autumn, and in spring the moment that stands for it."""
    home = zone(window.timezone)
    first, second = (opens.replace(tzinfo=home, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first <= second:
        yield from (at for at in dict.fromkeys((first, second)) if window.covers(at))
        return
    # The hour is skipped: the window opens with the first minute after the gap, if it is open then at all.
    minutes = range(int((first - second) / _MINUTE) + 1)
    open_minutes = (second + minute * _MINUTE for minute in minutes)
    skipped_to = next((at for at in open_minutes if window.covers(at)), None)
    if skipped_to is not None:
        yield skipped_to
