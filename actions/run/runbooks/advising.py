"""From what people see to what should be taken back: the decision matrix of the catalog, and the triggers of its runbooks.

Words are compared, not spellings: `containers do not start` finds `container start fails`. A word that many entries have
(`fails`) weighs little, one that few have (`traefik`) weighs much. Pure.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from math import log

from actions.catalog.durations import Span
from actions.catalog.matrix import MatrixRow
from actions.catalog.risk import Risk
from actions.catalog.runbooks import BUILT_IN, Runbook
from actions.catalog.service import Service
from actions.errors import BackoutError
from actions.run.runbooks.selection import ALL, select

#: What is less alike than this is no answer.
ENOUGH = 0.45
#: Answers that are so much worse than the best one only distract.
NEAR = 0.75
_MOST = 5
_SMALL = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "been",
        "by",
        "can",
        "do",
        "does",
        "for",
        "from",
        "had",
        "has",
        "have",
        "he",
        "i",
        "in",
        "is",
        "it",
        "its",
        "my",
        "no",
        "not",
        "of",
        "on",
        "or",
        "our",
        "she",
        "so",
        "that",
        "the",
        "their",
        "them",
        "then",
        "there",
        "these",
        "they",
        "this",
        "to",
        "us",
        "was",
        "we",
        "were",
        "what",
        "when",
        "which",
        "while",
        "who",
        "will",
        "with",
        "won",
        "wont",
        "would",
        "you",
        "your",
        "t",
        "s",
        "don",
        "doesn",
        "cannot",
        "after",
        "since",
        "all",
    ]
)
_ENDINGS = ("ingly", "ings", "ing", "edly", "ions", "ion", "ures", "ure", "ed", "es", "s")


@dataclass(frozen=True, kw_only=True, slots=True)
class Advice:
    """One answer."""

    service: str
    #: What of the catalog fits: a row's failure, or a trigger.
    failure: str
    #: Where it stands: `matrix`, or the phase or scope whose trigger it is.
    source: str
    runbook: str | None
    scope: str | None
    risk: Risk | None
    expected_time: Span | None
    advice: str | None
    #: What to type; None where a person has to decide first.
    command: str | None
    #: From 0 to 1.
    score: float

    def as_row(self) -> MatrixRow:
        """The answer as a row of the matrix, whatever it came from."""
        return MatrixRow(
            failure=self.failure, runbook=self.runbook, scope=self.scope, risk=self.risk, duration=self.expected_time,
            advice=self.advice or (None if self.runbook else "A person has to decide."),
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class _Candidate:
    texts: tuple[str, ...]
    service: Service
    row: MatrixRow
    source: str


def advise(services: Mapping[str, Service], words: str, service: str | None = None) -> tuple[Advice, ...]:
    """The best answers, the best first; none when nothing fits."""
    candidates = [each for name, entry in services.items() if service in (None, name) for each in _candidates(entry)]
    weights = _weights([text for each in candidates for text in each.texts])
    wanted = _tokens(words)
    scored = [(max(_alike(wanted, _tokens(text), weights) for text in each.texts), each) for each in candidates]
    best = max((score for score, _ in scored), default=0.0)
    fitting = [(score, each) for score, each in scored if score >= ENOUGH and score >= best * NEAR]
    # Of equals, a row that somebody wrote for this very question comes before a trigger.
    fitting.sort(key=lambda pair: (-round(pair[0], 2), pair[1].source != "matrix"))
    found: dict[tuple[str, str | None, str | None, str | None], Advice] = {}
    for score, each in fitting:
        answer = _answer(each, round(score, 2))
        found.setdefault((answer.service, answer.runbook, answer.scope, answer.advice), answer)
    return tuple(found.values())[:_MOST]


def known_failures(services: Mapping[str, Service], service: str | None = None) -> tuple[tuple[str, str], ...]:
    """Service and failure of every row and trigger there is, for whoever found nothing."""
    return tuple(
        dict.fromkeys(
            (name, each.row.failure)
            for name, entry in services.items()
            if service in (None, name)
            for each in _candidates(entry)
        )
    )


def command_for(service: str, runbook: str | None, scope: str | None) -> str | None:
    if runbook is None:
        return None
    if runbook in BUILT_IN:
        return f"backout request {service} --strategy {runbook}"
    part = f" --scope {scope}" if scope else ""
    return f"backout request {service} --runbook {runbook}{part}"


def _candidates(service: Service) -> Iterator[_Candidate]:
    for row in service.matrix:
        yield _Candidate(texts=(row.failure, *row.also), service=service, row=row, source="matrix")
    for book in service.runbooks.values():
        for trigger in book.triggers:
            yield _triggered(service, trigger, book.name, None, f"runbook {book.name}")
        for name, phase in book.phases.items():
            for trigger in phase.triggers:
                yield _triggered(service, trigger, book.name, name, f"phase {name} of {book.name}")
        for name, scope in book.scopes.items():
            for trigger in (*scope.triggers, *scope.when):
                yield _triggered(service, trigger, book.name, name, f"scope {name} of {book.name}")


def _triggered(service: Service, trigger: str, runbook: str, scope: str | None, source: str) -> _Candidate:
    row = MatrixRow(failure=trigger, runbook=runbook, scope=scope)
    return _Candidate(texts=(trigger,), service=service, row=row, source=source)


def _answer(each: _Candidate, score: float) -> Advice:
    row, service = each.row, each.service
    risk, time = row.risk, row.duration
    book: Runbook | None = service.runbooks.get(row.runbook or "")
    if book is not None and (risk is None or time is None):
        try:
            chosen = select(book, row.scope or ALL, already=tuple(book.phases))
        except BackoutError:
            chosen = None
        if chosen is not None:
            risk, time = risk or chosen.risk, time or chosen.expected_time
    return Advice(
        service=service.name, failure=row.failure, source=each.source, runbook=row.runbook, scope=row.scope, risk=risk,
        expected_time=time, advice=row.advice, command=command_for(service.name, row.runbook, row.scope), score=score,
    )  # fmt: skip


def _tokens(text: str) -> tuple[str, ...]:
    words = re.findall(r"[\w]+", text.casefold().replace("_", " "))
    return tuple(dict.fromkeys(_stem(word) for word in words if word not in _SMALL))


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word.removesuffix(ending)
    return word


def _weights(texts: Sequence[str]) -> Mapping[str, float]:
    counted = Counter(token for text in texts for token in _tokens(text))
    total = len(texts) + 1
    return {token: log(1 + total / (1 + number)) for token, number in counted.items()}


def _alike(wanted: Sequence[str], there: Sequence[str], weights: Mapping[str, float]) -> float:
    """How much of each is in the other; a long story that holds all of an entry's words is as good as the entry itself."""
    if not wanted or not there:
        return 0.0
    # A word that no entry has says little about which entry is meant.
    usual = sum(weights.values()) / len(weights)
    common = 0.0
    for token in there:
        common += weights[token] * max((_near(token, other) for other in wanted), default=0.0)
    ours = sum(weights.get(token, 0.5 * usual) for token in wanted)
    theirs = sum(weights[token] for token in there)
    return max(2 * common / (ours + theirs), 0.85 * common / theirs if len(there) > 1 else 0.0)


def _near(one: str, other: str) -> float:
    if one == other:
        return 1.0
    if len(one) > 3 and len(other) > 3:
        if one.startswith(other) or other.startswith(one):
            return 0.9
        ratio = SequenceMatcher(None, one, other).ratio()
        return ratio if ratio >= 0.8 else 0.0
    return 0.0
