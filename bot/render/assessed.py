"""An assessment as it was kept for people, back from JSON to values. What is missing or odd is left out, never an error:
it was written by an earlier version, perhaps."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from actions.assess.values import Finding, LedgerEntry, Ruling, Strategy, Verdict
from actions.catalog.risk import Risk

LONGEST_SECONDS = 366 * 86400
_RISKS = {risk.value: risk for risk in Risk}


@dataclass(frozen=True, kw_only=True, slots=True)
class PathStep:
    """One revision that is undone."""

    revision: str
    message: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """How the downgrade went on a copy."""

    #: With the data, or on an empty copy of the schema.
    with_data: bool
    succeeds: bool
    error: str | None
    seconds: float
    #: Relation, mode, and for how long where that was timed.
    locks: tuple[tuple[str, str, float | None], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Phase:
    title: str
    #: Risk, time and note, as the catalog says them.
    about: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Book:
    """What a declared runbook would do."""

    title: str
    target: str
    scope: str | None
    keeps: tuple[str, ...]
    phases: tuple[Phase, ...]
    triggers: tuple[str, ...]
    risk_note: str | None
    expected_time: str | None
    #: Its steps; those that people tick, and those behind which there is no way back.
    steps: int
    for_people: tuple[str, ...]
    no_way_back: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Assessed:
    live: tuple[str, ...] = ()
    target: tuple[str, ...] = ()
    path: tuple[PathStep, ...] = ()
    risk: Risk | None = None
    #: The worst first.
    findings: tuple[Finding, ...] = ()
    #: What loses most first; only what loses anything.
    ledger: tuple[LedgerEntry, ...] = ()
    trial: Trial | None = None
    strategies: tuple[Strategy, ...] = ()
    #: The way that was asked for.
    strategy: str | None = None
    verdict: Verdict | None = None
    #: Where it goes by a runbook of the catalog.
    book: Book | None = None
    digest: str = ""
    gaps: tuple[str, ...] = ()
    seconds: float | None = None
    made_at: datetime | None = None

    @property
    def chosen(self) -> Strategy | None:
        return next((each for each in self.strategies if each.name == self.strategy), None)

    @property
    def recommended(self) -> Strategy | None:
        return next((each for each in self.strategies if each.recommended), None)

    @property
    def destroys(self) -> bool:
        """Whether the way that was asked for loses anything that was counted."""
        if self.book is not None:
            return bool(self.ledger or self.book.no_way_back)
        return bool(self.ledger) if self.strategy == "downgrade" else self.strategy == "restore"


def assessed(shown: Mapping[str, Any] | None) -> Assessed:
    if not shown:
        return Assessed()
    ledger = [entry for entry in _each(_entry, shown.get("ledger")) if entry.rows]
    findings = list(_each(_finding, shown.get("findings")))
    return Assessed(
        live=_words(shown.get("from")), target=_words(shown.get("to")), path=tuple(_each(_path_step, shown.get("path"))),
        risk=_risk(shown.get("risk")),
        findings=tuple(sorted(findings, key=lambda each: -each.severity.rank)),
        ledger=tuple(sorted(ledger, key=lambda each: -each.rows)),
        trial=_trial(shown.get("rehearsal")), strategies=tuple(_each(_strategy, shown.get("strategies"))),
        strategy=_word(shown.get("strategy")), verdict=_verdict(shown.get("policy")),
        book=_book(shown.get("runbook")),
        digest=_word(shown.get("digest")) or "", gaps=_words(shown.get("gaps")), seconds=_number(shown.get("seconds")),
        made_at=_moment(shown.get("made_at")),
    )  # fmt: skip


def _each(made: Any, values: object) -> Iterator[Any]:
    for value in values if isinstance(values, list | tuple) else ():
        if isinstance(value, Mapping) and (found := made(value)) is not None:
            yield found


def _entry(each: Mapping[str, Any]) -> LedgerEntry | None:
    table, rows = _word(each.get("table")), each.get("rows")
    if table is None or not isinstance(rows, int):
        return None
    since = each.get("written_since_deploy")
    return LedgerEntry(
        table=table, column=_word(each.get("column")), rows=rows, exact=bool(each.get("exact")),
        written_since_deploy=since if isinstance(since, int) else None, written_source=_word(each.get("written_source")),
    )  # fmt: skip


def _finding(each: Mapping[str, Any]) -> Finding:
    return Finding(
        code=_word(each.get("code")) or "?", severity=_risk(each.get("severity")) or Risk.CRITICAL,
        object=_word(each.get("object")) or "", message=_word(each.get("message")) or "", remedy=_word(each.get("remedy")),
    )  # fmt: skip


def _path_step(each: Mapping[str, Any]) -> PathStep:
    return PathStep(revision=_word(each.get("revision")) or "?", message=_word(each.get("message")) or "")


def _strategy(each: Mapping[str, Any]) -> Strategy:
    return Strategy(
        name=_word(each.get("name")) or "?", possible=bool(each.get("possible")), recommended=bool(each.get("recommended")),
        data_lost=_word(each.get("data_lost")) or "not known", estimated_seconds=_number(each.get("estimated_seconds")),
        estimated_from=_word(each.get("estimated_from")) or "", why=_word(each.get("why")) or "",
        needs=_words(each.get("needs")),
    )  # fmt: skip


def _verdict(value: object) -> Verdict | None:
    said = value if isinstance(value, Mapping) else {}
    ruling = next((each for each in Ruling if each.value == said.get("verdict")), None)
    if ruling is None:
        return None
    approvals = said.get("approvals")
    return Verdict(
        ruling=ruling, approvals=approvals if isinstance(approvals, int) else 0, reasons=_words(said.get("reasons")),
        override_possible=bool(said.get("override_possible")),
    )  # fmt: skip


def _book(value: object) -> Book | None:
    if not isinstance(value, Mapping):
        return None
    scope = value.get("scope") if isinstance(value.get("scope"), Mapping) else {}
    listed = value.get("steps")
    steps = [each for each in listed if isinstance(each, Mapping)] if isinstance(listed, list) else []
    return Book(
        title=_word(value.get("title")) or _word(value.get("name")) or "?", target=_word(value.get("target")) or "all",
        scope=_word(scope.get("title")) if isinstance(scope, Mapping) else None,
        keeps=_words(scope.get("keeps")) if isinstance(scope, Mapping) else (),
        phases=tuple(_each(_phase, value.get("phases"))), triggers=_words(value.get("triggers")),
        risk_note=_word(value.get("risk_note")), expected_time=_word(value.get("expected_time")), steps=len(steps),
        for_people=tuple(str(each.get("title")) for each in steps if each.get("for_person")),
        no_way_back=tuple(str(each.get("title")) for each in steps if each.get("no_way_back")),
    )  # fmt: skip


def _phase(each: Mapping[str, Any]) -> Phase:
    risk = _word(each.get("risk"))
    about = (f"{risk} risk" if risk else None, each.get("risk_note"), each.get("expected_time"), each.get("note"))
    return Phase(title=_word(each.get("title")) or "?", about=tuple(str(said) for said in about if said))


def _trial(value: object) -> Trial | None:
    if not isinstance(value, Mapping):
        return None
    error = value.get("error")
    locks = value.get("locks")
    return Trial(
        with_data=value.get("kind") == "data", succeeds=bool(value.get("succeeds")),
        error=_word(error.get("message")) if isinstance(error, Mapping) else None,
        seconds=_number(value.get("seconds")) or 0.0,
        locks=tuple(
            (str(each.get("relation")), str(each.get("mode")), _number(each.get("seconds")))
            for each in (locks if isinstance(locks, list) else ())
            if isinstance(each, Mapping)
        ),
    )  # fmt: skip


def _risk(value: object) -> Risk | None:
    return _RISKS.get(value) if isinstance(value, str) else None


def _word(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _words(value: object) -> tuple[str, ...]:
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list | tuple) else ()


def _number(value: object) -> float | None:
    # Beyond a year (or no number at all) it is no time that anybody measured.
    return float(value) if isinstance(value, int | float) and abs(value) < LONGEST_SECONDS else None


def _moment(value: object) -> datetime | None:
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
