"""Many questions, one budget: what is small is counted, what is big is looked at, what is left is estimated.

A table with a hundred million rows must take no longer than one with a hundred thousand. So a scan is begun only if its
size says that it will end in time; a big table gets a first look, which finds at once what is there in plenty, and one
at its end, where the newest rows are. What stays undecided counts as "perhaps", never as "no".
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from psycopg import sql

from actions.assess.probes.limits import Limits, Purse, scans_within
from actions.assess.probes.questions import Question
from actions.assess.probes.session import LiveSession, Refusal
from actions.assess.probes.sizes import MOST_CHILDREN, TableSize
from actions.assess.probes.values import NONE, Tally
from actions.assess.schema.naming import Identity

#: A table that is read in this time is counted without looking first.
_AT_ONCE = timedelta(milliseconds=80)
_AT_A_TIME = 25
#: The end of a big table, in pages.
_END = 500
_PAGE = 8192
#: A scan of a range of pages came with this version; before, it reads everything.
_PAGE_RANGES = 14

_TOO_LONG = "it would have taken too long"
_T = TypeVar("_T")


@dataclass(kw_only=True, slots=True)
class _Open:
    """A question on its way to an answer."""

    question: Question
    size: TableSize
    some: bool | None = None
    why: str = _TOO_LONG
    #: Set when there is nothing more to find out.
    tally: Tally | None = None
    #: Asking again would end the same.
    hopeless: bool = False

    @property
    def undecided(self) -> bool:
        return self.tally is None and self.some is None and not self.hopeless

    def found(self, some: bool) -> None:  # noqa: FBT001 -- it is the answer itself
        self.some = some
        if not some:
            self.tally = NONE


class Answering:
    """Answers questions about tables of known sizes."""

    def __init__(self, session: LiveSession, limits: Limits, sizes: Mapping[Identity, TableSize]) -> None:
        self._session = session
        self._limits = limits
        self.sizes = sizes
        self._locked: set[Identity] = set()

    def answers(self, questions: Sequence[Question], purse: Purse) -> tuple[Tally, ...]:
        """One tally per question, in order; all together cost no more than the purse holds, and the estimates."""
        opened = [self._opened(question) for question in questions]
        everything = [one for one in opened if isinstance(one, _Open)]
        self._count_small([one for one in everything if self._small(one)], purse)
        for one in everything:
            self._look_at_end(one, purse)
            self._look(one, purse, self._limits.first_look)
        for one in _cheapest(everything):
            if scans_within(one.size.bytes, min(self._limits.probe, purse.left)):
                self._look(one, purse, self._limits.probe)
        for one in _cheapest(everything):
            if one.some:
                self._count(one, purse)
        estimating = Purse(self._limits.estimates)
        return tuple(self._closed(one, estimating) if isinstance(one, _Open) else one for one in opened)

    def _opened(self, question: Question) -> _Open | Tally:
        size = self.sizes.get(question.table)
        if size is None:
            return Tally.unknown("it is not there")
        if size.foreign:
            return Tally.unknown("its rows are on another server")
        if size.children > MOST_CHILDREN:
            why = f"it has {size.children} partitions, too many to look into"
            return Tally.unknown(why, estimate=size.rows if question.where is None else None)
        return _Open(question=question, size=size)

    def _small(self, one: _Open) -> bool:
        return scans_within(one.size.bytes, _AT_ONCE)

    def _count_small(self, small: Sequence[_Open], purse: Purse) -> None:
        together = [one for one in small if one.question.attempt is None and not one.size.children]
        for some in _batches(together, _AT_A_TIME):
            counts = self._counted_together(some, purse)
            for one, count in zip(some, counts, strict=True) if counts is not None else ():
                one.tally = Tally.exactly(count)
        for one in small:
            if one.question.attempt is None:
                self._count(one, purse)

    def _counted_together(self, some: Sequence[_Open], purse: Purse) -> list[int] | None:
        given = purse.slice(self._limits.probe)
        if given is None:
            return None
        each = [sql.SQL("SELECT {}, ({})").format(sql.Literal(at), one.question.count()) for at, one in enumerate(some)]
        answer = self._session.ask(sql.SQL(" UNION ALL ").join(each), within=given)
        return None if isinstance(answer, Refusal) else [count for _, count in sorted(answer)]

    def _look(self, one: _Open, purse: Purse, wanted: timedelta) -> None:
        """Decides whether there is any, if that can be done in this time."""
        if one.undecided:
            self._ask(one, purse, wanted, None)

    def _look_at_end(self, one: _Open, purse: Purse) -> None:
        start = self._start_of_end(one)
        if start is None or not one.undecided:
            return
        self._ask(one, purse, self._limits.first_look, start)
        if one.some is False:
            # At its end there is none; that says nothing about the rest.
            one.some = one.tally = None

    def _start_of_end(self, one: _Open) -> int | None:
        pages = (one.size.bytes or 0) // _PAGE
        if self._session.version < _PAGE_RANGES or one.size.children or pages <= 2 * _END:
            return None
        return pages - _END

    def _ask(self, one: _Open, purse: Purse, wanted: timedelta, start: int | None) -> None:
        given = self._slice(one, purse, wanted)
        if given is None:
            return
        question = one.question
        if question.attempt is not None:
            answer = self._session.ask(question.tried(start), within=given)
            if not isinstance(answer, Refusal):
                one.found(some=False)
            elif answer.about_values:
                one.found(some=True)
            else:
                self._refused(one, answer)
            return
        answer = self._session.ask(question.exists(start), within=given)
        if isinstance(answer, Refusal):
            self._refused(one, answer)
        else:
            one.found(some=bool(answer[0][0]))

    def _count(self, one: _Open, purse: Purse) -> None:
        if one.tally is not None or one.hopeless or not one.question.countable:
            return
        if not scans_within(one.size.bytes, min(self._limits.probe, purse.left)):
            return
        given = self._slice(one, purse, self._limits.probe)
        if given is None:
            return
        answer = self._session.ask(one.question.count(), within=given)
        if isinstance(answer, Refusal):
            self._refused(one, answer)
            return
        count: int = answer[0][0]
        # An attempt has found one; if the rule by which they are counted finds none, the attempt is right.
        if count or one.question.attempt is None:
            one.tally = Tally.exactly(count)

    def _slice(self, one: _Open, purse: Purse, wanted: timedelta) -> timedelta | None:
        if one.question.table in self._locked:
            one.hopeless, one.why = True, "another session holds a lock on it"
            return None
        return purse.slice(wanted)

    def _refused(self, one: _Open, refusal: Refusal) -> None:
        if refusal.timed_out:
            return
        one.why, one.hopeless = refusal.why, True
        if refusal.locked:
            self._locked.add(one.question.table)

    def _closed(self, one: _Open, purse: Purse) -> Tally:
        if one.tally is not None and (one.question.inconclusive is None or not one.tally.possible):
            return one.tally
        if one.question.inconclusive is not None:
            return Tally.unknown(one.question.inconclusive)
        estimate = self._estimate(one, purse)
        if one.some:
            why = one.why if one.question.countable else "one was found; which others there are is not told"
            return Tally.at_least_one(estimate=estimate, why=why)
        return Tally.unknown(one.why, estimate=estimate)

    def _estimate(self, one: _Open, purse: Purse) -> int | None:
        question = one.question
        whole = one.size.rows if question.where is None and not question.repeated and question.attempt is None else None
        if not question.estimable or question.repeated or question.attempt is not None or one.hopeless:
            return whole
        given = purse.slice(self._limits.estimates)
        answer = self._session.ask(question.estimate(), within=given) if given is not None else None
        if answer is None or isinstance(answer, Refusal):
            return whole
        plan: Any = answer[0][0]
        return int(plan[0]["Plan"]["Plan Rows"])


def _cheapest(opened: Iterable[_Open]) -> list[_Open]:
    return sorted(opened, key=lambda one: (one.size.bytes is None, one.size.bytes or 0))


def _batches(things: Sequence[_T], most: int) -> Iterator[Sequence[_T]]:
    for start in range(0, len(things), most):
        yield things[start : start + most]
