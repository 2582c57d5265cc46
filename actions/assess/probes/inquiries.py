"""Questions, and what their answers mean together."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from actions.assess.probes.questions import Question
from actions.assess.probes.values import Tally

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Tallies: TypeAlias = tuple[Tally, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Inquiry(Generic[T_co]):
    """One thing to find out."""

    questions: tuple[Question, ...]
    #: From one tally per question.
    conclude: Callable[[Tallies], T_co]


def concluded(inquiries: Iterable[Inquiry[T]], tallies: Iterator[Tally]) -> tuple[T, ...]:
    """Their conclusions from the next tallies, one per question and in the same order."""
    return tuple(inquiry.conclude(tuple(next(tallies) for _ in inquiry.questions)) for inquiry in inquiries)


def together(tallies: Sequence[Tally]) -> Tally:
    """Of rows that are counted apart and never twice."""
    if len(tallies) == 1:
        return tallies[0]
    if all(tally.exact for tally in tallies):
        return Tally.exactly(sum(tally.rows or 0 for tally in tallies))
    known = [tally.rows for tally in tallies if tally.rows is not None]
    why = next((tally.why for tally in tallies if tally.why is not None), "it could not be found out")
    estimate = sum(known) if len(known) == len(tallies) else None
    if any(tally.some for tally in tallies):
        return Tally.at_least_one(estimate=estimate, why=why)
    return Tally.unknown(why, estimate=estimate)
