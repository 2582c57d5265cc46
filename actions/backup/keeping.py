"""Which backups are kept. A decision and its reasons; nothing is touched here.

Whatever the rules say, some are never let go: the last proven one, one that an open rollback refers to, one that is
still being made, and anything younger than the minimum age. When in doubt, it is kept.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from actions.history.values import BackupState

#: So long people have to find out why one failed.
FAILED_KEPT = timedelta(days=7)


@dataclass(frozen=True, kw_only=True, slots=True)
class Copy:
    """What the decision needs to know of one backup."""

    name: str
    taken_at: datetime
    state: BackupState
    #: Why it must stay in any case: an open rollback, for example.
    needed_for: str | None = None
    #: Taken because of something else, as before a restore. Counted apart: after a night with many tries the last of
    #: these would be all there is, each with the trouble in it.
    aside: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """As in the catalog; days, weeks and months are those of the schedule's time zone."""

    last: int = 7
    daily: int = 0
    weekly: int = 0
    monthly: int = 0
    min_age: timedelta = timedelta(0)
    zone: tzinfo


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """Each name is in exactly one of the two."""

    #: With the reasons, the strongest first.
    kept: Mapping[str, tuple[str, ...]]
    #: The oldest first: the order in which they are let go.
    let_go: tuple[str, ...]


_COMPLETE = frozenset({BackupState.MADE, BackupState.PROVEN})


def decide(copies: Iterable[Copy], rules: Rules, *, now: datetime) -> Verdict:
    """What stays, why, and what may go. The same answer in whatever order the copies come."""
    newest_first = sorted(copies, key=lambda copy: (copy.taken_at, copy.name), reverse=True)
    kept: dict[str, list[str]] = {}
    for copy, reason in _reasons(newest_first, rules, now):
        reasons = kept.setdefault(copy.name, [])
        if reason not in reasons:
            reasons.append(reason)
    return Verdict(
        kept={name: tuple(reasons) for name, reasons in kept.items()},
        let_go=tuple(copy.name for copy in reversed(newest_first) if copy.name not in kept),
    )


def _reasons(newest_first: Sequence[Copy], rules: Rules, now: datetime) -> Iterator[tuple[Copy, str]]:
    complete = [copy for copy in newest_first if copy.state in _COMPLETE]
    proven = [copy for copy in complete if copy.state is BackupState.PROVEN]
    regular, aside = ([copy for copy in complete if copy.aside is apart] for apart in (False, True))
    for copy in newest_first:
        if copy.needed_for:
            yield copy, f"needed for {copy.needed_for}"
        if copy.state is BackupState.MAKING:
            yield copy, "being made"
        # Also one from the future: a clock was wrong, and nobody knows how old it is.
        if now - copy.taken_at < rules.min_age or copy.taken_at > now:
            yield copy, "younger than the minimum age"
    yield from ((copy, "the last proven one") for copy in proven[:1])
    yield from ((copy, f"one of the last {rules.last}") for copy in regular[: rules.last])
    yield from ((copy, f"one of the last {rules.last} beside the regular ones") for copy in aside[: rules.last])
    for count, word, period in (
        (rules.daily, "day", _day), (rules.weekly, "week", _week), (rules.monthly, "month", _month)
    ):  # fmt: skip
        for copy in _last_of_each(regular, count, rules.zone, period):
            yield copy, f"the last of its {word}"
    for copy in newest_first:
        # They help nobody once a newer one is proven; until then they may be all there is.
        is_last_hope = not proven or copy.taken_at >= proven[0].taken_at
        if copy.state is BackupState.FAILED and (is_last_hope or now - copy.taken_at < FAILED_KEPT):
            yield copy, "its failure can be looked at"


Period = Callable[[datetime], tuple[int, ...]]


def _last_of_each(newest_first: Sequence[Copy], count: int, zone: tzinfo, period: Period) -> Iterator[Copy]:
    """The last of each of so many periods that have any; where that one is not proven, the last proven one as well."""
    wanted: list[tuple[int, ...]] = []
    settled: set[tuple[int, ...]] = set()
    for copy in newest_first:
        when = period(copy.taken_at.astimezone(zone))
        first = when not in wanted
        if first and len(wanted) == count:
            return
        if first:
            wanted.append(when)
        if first or (when not in settled and copy.state is BackupState.PROVEN):
            yield copy
        if copy.state is BackupState.PROVEN:
            settled.add(when)


def _day(moment: datetime) -> tuple[int, ...]:
    return moment.year, moment.month, moment.day


def _week(moment: datetime) -> tuple[int, ...]:
    year, week, _ = moment.isocalendar()
    return year, week


def _month(moment: datetime) -> tuple[int, ...]:
    return moment.year, moment.month
