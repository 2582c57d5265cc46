"""What an approval is bound to.

A `Seal` holds everything that an approver was shown and would care about, in two parts:

- *exact*: service, live and target revisions, the scripts on the path with their hashes and in their order, strategy
  and plan, the backup that is restored, findings (code, object, severity), policy, what the downgrade destroys beyond
  the ledger, and the outcome of the trials. Any change voids the approval.
- *ledger*: the counts. They move while a service is in use, so an approval is void only when they are worse than
  shown; `ledgers.is_worse` says what got worse.

`Seal.digest` names both: same facts, same digest. It is what a button carries and what an approval stores. A later
look at the world makes a new seal; where its digest is another one, `voiding.voided_by(shown, now)` decides, and
says why. A trial that was run since is a new fact: what was approved without it is approved again.

Left out is what differs between two looks at the same world: seconds, moments, held locks, the words and evidence of
findings and errors, estimated numbers (that something is estimated stays in), how much was written since the deploy
(it comes from the server's lagging counters), and findings that come and go by themselves, whose codes are given as
`passing`: a long transaction that is there now says nothing about the plan. Whatever has no order is sorted.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from actions.assess.decide.facts import Rehearsed, StrategyName, Unmeasured
from actions.assess.values import Finding, LedgerEntry
from actions.catalog.policy import Policy
from actions.history.canonical import Json, JsonObject, encode

#: Goes into every digest: whenever its ingredients change, so does this.
VERSION: Final = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Script:
    """One migration on the path."""

    revision: str
    #: Of the file as it was read; None where no file is there.
    sha256: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """What is put before the approvers."""

    service: str
    live: tuple[str, ...]
    target: tuple[str, ...]
    #: In the order in which they are undone.
    scripts: tuple[Script, ...]
    strategy: StrategyName
    #: A hash or name of the ordered steps; None while no plan was made.
    plan: str | None
    #: Which backup is restored, where one is.
    backup: str | None
    findings: tuple[Finding, ...]
    ledger: tuple[LedgerEntry, ...] | None
    beyond_ledger: tuple[Unmeasured, ...] | None
    comes_back_empty: tuple[str, ...] | None
    policy: Policy
    rehearsals: tuple[Rehearsed, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Seal:
    """Exactly what was approved, as plain values that can be stored."""

    exact: JsonObject
    ledger: tuple[LedgerEntry, ...] | None

    @property
    def digest(self) -> str:
        """64 hexadecimal digits."""
        return _hash({"exact": self.exact, "ledger": _ledger(self.ledger)})


def seal(shown: Shown, *, passing: Collection[str] = ()) -> Seal:
    """Seals what is shown. `passing`: codes of findings that come and go by themselves."""
    found = {(f.code, f.object, f.severity.value) for f in shown.findings if f.code not in passing}
    beyond = shown.beyond_ledger
    exact: dict[str, Json] = {
        "version": VERSION,
        "service": shown.service,
        "live": sorted(shown.live),
        "target": sorted(shown.target),
        "scripts": [[script.revision, script.sha256] for script in shown.scripts],
        "strategy": shown.strategy.value,
        "plan": shown.plan,
        "backup": shown.backup,
        "findings": [list(finding) for finding in sorted(found)],
        "beyond_ledger": _names(None if beyond is None else [each.object for each in beyond]),
        "comes_back_empty": _names(shown.comes_back_empty),
        "policy": _without_order(shown.policy.model_dump(mode="json")),
        "rehearsals": _unordered([_trial(trial) for trial in shown.rehearsals]),
    }
    ledger = None if shown.ledger is None else tuple(sorted(shown.ledger, key=_place))
    return Seal(exact=exact, ledger=ledger)


def digest(shown: Shown, *, passing: Collection[str] = ()) -> str:
    """The digest of what is shown: the same for the same facts, another one for anything an approver cares about."""
    return seal(shown, passing=passing).digest


def _trial(trial: Rehearsed) -> Json:
    failure = trial.failure
    failed: Json = None
    if failure is not None:
        failed = [failure.kind.value, failure.sqlstate, failure.revision, sorted(failure.objects)]
    return [trial.kind.value, trial.succeeded, failed]


def _ledger(ledger: tuple[LedgerEntry, ...] | None) -> Json:
    if ledger is None:
        return None
    return [[entry.table, entry.column, entry.rows if entry.exact else None] for entry in ledger]


def _place(entry: LedgerEntry) -> tuple[str, str, int, bool]:
    return entry.table, "" if entry.column is None else f".{entry.column}", entry.rows, entry.exact


def _names(names: Sequence[str] | None) -> Json:
    return None if names is None else sorted(set(names))


def _unordered(items: Sequence[Json]) -> Json:
    return sorted(items, key=encode)


def _without_order(value: Json) -> Json:
    """Every list in a policy is a set: windows, days, people."""
    if isinstance(value, Mapping):
        return {key: _without_order(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return _unordered([_without_order(inner) for inner in value])
    return value


def _hash(value: Json) -> str:
    return sha256(encode(value).encode()).hexdigest()
