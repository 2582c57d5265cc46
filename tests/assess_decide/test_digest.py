"""What an approval is bound to, and when it does not hold any more."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actions.assess.decide.digest import Script, Seal, Shown, digest, seal
from actions.assess.decide.facts import Rehearsed, StrategyName, Unmeasured
from actions.assess.decide.ledgers import is_worse
from actions.assess.decide.sealing import from_record, to_record
from actions.assess.decide.voiding import voided_by
from actions.assess.values import Failure, FailureKind, LedgerEntry, RehearsalKind
from actions.catalog.policy import Override
from actions.catalog.risk import Risk
from actions.catalog.schedules import Window
from actions.catalog.tolerance import Tolerance
from actions.errors import RefusedError
from actions.history.canonical import decode, encode
from tests.assess_decide import worlds
from tests.assess_decide.situations import PRODUCTION, entry, finding, trial
from tests.fuzzing import examples

fast = settings(max_examples=examples(25), deadline=None)
FAILED = Rehearsed(
    kind=RehearsalKind.DATA,
    succeeded=False,
    failure=Failure(kind=FailureKind.DATA_DOES_NOT_FIT, message="too long", sqlstate="22001", objects=("a", "b")),
    seconds=3.0,
)
LATE = Window(opens="22:00", closes="23:00", days=("mon", "tue"))
SHOWN = Shown(
    service="content-api",
    live=("0005", "0009"),
    target=("0003",),
    scripts=(Script(revision="0005", sha256="aa"), Script(revision="0004", sha256="bb")),
    strategy=StrategyName.DOWNGRADE,
    plan=None,
    backup=None,
    findings=(finding(Risk.LOW), finding(Risk.HIGH, code="YY2")),
    ledger=(entry(5, written_since_deploy=2), entry(7, None, table="orders"), entry(9, exact=False, table="logs")),
    beyond_ledger=(Unmeasured(object="0004", message="It rewrites users."),),
    comes_back_empty=("users.old", "users.older"),
    policy=PRODUCTION.model_copy(
        update={
            "windows": (
                Window(opens="22:00", closes="23:00", days=("mon", "tue")),
                Window(opens="1:00".zfill(5), closes="02:00"),
            ),
            "override": Override(by={"users": ["U0ADA", "U0GRACE"]}),
        }
    ),
    rehearsals=(trial(), FAILED),
)

CHANGES = {
    "service": {"service": "content-api-staging"},
    "live revision": {"live": ("0005",)},
    "target": {"target": ("0002",)},
    "script's text": {"scripts": (Script(revision="0005", sha256="ab"), SHOWN.scripts[1])},
    "script's revision": {"scripts": (Script(revision="0006", sha256="aa"), SHOWN.scripts[1])},
    "script gone": {"scripts": SHOWN.scripts[:1]},
    "script's file gone": {"scripts": (Script(revision="0005", sha256=None), SHOWN.scripts[1])},
    "order of the path": {"scripts": SHOWN.scripts[::-1]},
    "strategy": {"strategy": StrategyName.RESTORE},
    "plan": {"plan": "abc"},
    "backup": {"backup": "content-api_20260729_020000"},
    "new finding": {"findings": (*SHOWN.findings, finding(Risk.NONE, code="ZZ3"))},
    "finding of another object": {"findings": (finding(Risk.LOW, thing="users.email"), SHOWN.findings[1])},
    "finding of another severity": {"findings": (finding(Risk.MEDIUM), SHOWN.findings[1])},
    "finding gone": {"findings": SHOWN.findings[:1]},
    "beyond the ledger": {"beyond_ledger": ()},
    "beyond the ledger not known": {"beyond_ledger": None},
    "comes back empty": {"comes_back_empty": ("users.old",)},
    "comes back empty not known": {"comes_back_empty": None},
    "policy": {"policy": PRODUCTION},
    "a key of the policy": {"policy": SHOWN.policy.model_copy(update={"window": timedelta(minutes=6)})},
    "rehearsal fails": {"rehearsals": (trial(failed=FailureKind.OTHER), FAILED)},
    "rehearsal without outcome": {"rehearsals": (trial(succeeded=None), FAILED)},
    "rehearsal gone": {"rehearsals": (FAILED,)},
    "rehearsal of another kind": {"rehearsals": (trial(RehearsalKind.DATA), FAILED)},
    "rehearsal fails otherwise": {"rehearsals": (trial(), trial(RehearsalKind.DATA, FailureKind.LOCK))},
}
WORSE = {
    "one value more": (entry(6), *SHOWN.ledger[1:]),
    "another column": (*SHOWN.ledger, entry(1, "email")),
    "the whole table": (*SHOWN.ledger, entry(1, None)),
    "ledger not known": None,
}
BETTER = {
    "one value less": (entry(4), *SHOWN.ledger[1:]),
    "a column less": SHOWN.ledger[1:],
    "counted now": (*SHOWN.ledger[:2], entry(9, table="logs")),
    "only estimated now": (entry(5, exact=False), *SHOWN.ledger[1:]),
}


@pytest.mark.parametrize("change", [pytest.param(change, id=name) for name, change in CHANGES.items()])
def test_any_change_that_an_approver_cares_about_changes_the_digest_and_voids_the_approval(
    change: dict[str, object],
) -> None:
    other = replace(SHOWN, **change)  # type: ignore[arg-type]
    assert digest(other) != digest(SHOWN)
    (reason,) = voided_by(seal(SHOWN), seal(other))
    assert reason.endswith("Assess again and approve what is there now.")


@pytest.mark.parametrize("ledger", [pytest.param(ledger, id=name) for name, ledger in WORSE.items()])
def test_a_worse_ledger_changes_the_digest_and_voids_the_approval(ledger: tuple[LedgerEntry, ...] | None) -> None:
    other = replace(SHOWN, ledger=ledger)
    assert digest(other) != digest(SHOWN)
    assert len(voided_by(seal(SHOWN), seal(other))) == 1


@pytest.mark.parametrize("ledger", [pytest.param(ledger, id=name) for name, ledger in BETTER.items()])
def test_a_ledger_that_is_no_worse_changes_the_digest_and_the_approval_holds(ledger: tuple[LedgerEntry, ...]) -> None:
    other = replace(SHOWN, ledger=ledger)
    assert digest(other) != digest(SHOWN)
    assert voided_by(seal(SHOWN), seal(other)) == ()


def _words_changed(shown: Shown) -> Shown:
    return replace(
        shown,
        findings=tuple(replace(f, message="Said otherwise.", evidence={"seconds": 3}) for f in shown.findings),
        rehearsals=(replace(trial(), seconds=99.0), replace(FAILED, seconds=1.0, failure=replace(
            FAILED.failure, message="too long (12:03:04)"))),  # type: ignore[type-var]
        beyond_ledger=(Unmeasured(object="0004", message="It rewrites 1,204 users."),),
    )  # fmt: skip


def _order_changed(shown: Shown) -> Shown:
    policy = shown.policy.model_copy(
        update={
            "windows": (shown.policy.windows[1], Window(opens="22:00", closes="23:00", days=("tue", "mon"))),
            "override": Override(by={"users": ["U0GRACE", "U0ADA"]}),
        }
    )
    turned = {
        name: getattr(shown, name)[::-1]
        for name in ("live", "target", "findings", "ledger", "beyond_ledger", "comes_back_empty", "rehearsals")
    }
    return replace(shown, policy=policy, **turned)


def _measured_again(shown: Shown) -> Shown:
    ledger = (entry(5, written_since_deploy=3), entry(7, None, table="orders", written_source="column created_at"))
    return replace(shown, ledger=(*ledger, entry(9.4, exact=False, table="logs")))


@pytest.mark.parametrize(
    "same",
    [
        pytest.param(_words_changed, id="words and times"),
        pytest.param(_order_changed, id="order"),
        pytest.param(_measured_again, id="estimates and counters"),
        pytest.param(lambda shown: replace(shown, findings=(*shown.findings, shown.findings[0])), id="said twice"),
    ],
)
def test_two_looks_at_the_same_world_have_the_same_digest(same: object) -> None:
    other = same(SHOWN)  # type: ignore[operator]
    assert other != SHOWN
    assert digest(other) == digest(SHOWN)
    assert voided_by(seal(SHOWN), seal(other)) == ()


def test_a_finding_that_comes_and_goes_by_itself_voids_nothing() -> None:
    waiting = replace(SHOWN, findings=(*SHOWN.findings, finding(Risk.MEDIUM, code="LK1")))
    assert digest(waiting, passing={"LK1"}) == digest(SHOWN, passing={"LK1"})
    assert digest(waiting) != digest(SHOWN)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("script's text", "(gone: `0005`; new: `0005`)"),
        ("order of the path", "(in another order)"),
        ("new finding", "(new: `ZZ3 users.preferences`)"),
        ("live revision", "(gone: `0009`)"),
        ("policy", "The policy changed"),
    ],
)
def test_the_reason_names_what_changed(change: str, words: str) -> None:
    (reason,) = voided_by(seal(SHOWN), seal(replace(SHOWN, **CHANGES[change])))  # type: ignore[arg-type]
    assert words in reason


def test_every_change_is_named_not_the_first_one() -> None:
    other = replace(SHOWN, target=("0001",), plan="x", ledger=(entry(6), entry(99, None, table="orders")))
    assert len(voided_by(seal(SHOWN), seal(other))) == 4


def test_the_digest_is_the_same_tomorrow() -> None:
    """Approvals are kept: another way of hashing would void them all, and has to be a new `VERSION`."""
    sealed = Seal(exact={"version": 1, "live": ["b", "a"]}, ledger=(entry(5, "größe"), entry(3, None, exact=False)))
    assert sealed.digest == "d22b0a41d240bbfc6094d19979e6a9c8e3874927aa13648f2ffa6146fc1a644f"


OLD_AND_NEW = [
    pytest.param(entry(5), entry(5), None, id="the same"),
    pytest.param(entry(5), entry(6), "instead of 5", id="one more"),
    pytest.param(entry(5), entry(4), None, id="one less"),
    pytest.param(None, entry(1), "New in the ledger: 1 value", id="new"),
    pytest.param(None, entry(0), None, id="new and empty"),
    pytest.param(None, entry(0, exact=False), "New in the ledger", id="new and perhaps empty"),
    pytest.param(entry(5), None, None, id="gone"),
    pytest.param(entry(1000, exact=False), entry(1100, exact=False), None, id="estimate within its noise"),
    pytest.param(entry(1000, exact=False), entry(1101, exact=False), "instead of about 1,000", id="estimate beyond it"),
    pytest.param(entry(1000), entry(1100, exact=False), None, id="estimated now, within its noise"),
    pytest.param(entry(1000, exact=False), entry(1101), "1,101 values", id="counted now, beyond the noise"),
    pytest.param(entry(0), entry(0, exact=False), "counted as empty", id="not certain to be empty any more"),
    pytest.param(entry(0, exact=False), entry(1, exact=False), "instead of about 0", id="not empty any more"),
    pytest.param(
        entry(5, written_since_deploy=0), entry(5, written_since_deploy=1), "; now 1", id="the first new data"),
    pytest.param(
        entry(5, written_since_deploy=0), entry(5, written_since_deploy=None), "an unknown number", id="new data?"),
    pytest.param(entry(5, written_since_deploy=1), entry(5, written_since_deploy=5), None, id="more of it is new"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "words"), OLD_AND_NEW)
def test_only_worse_counts(old: LedgerEntry | None, new: LedgerEntry | None, words: str | None) -> None:
    said = is_worse(*((one,) if one else () for one in (old, new)))
    assert len(said) == (words is not None)
    assert all(words in sentence and sentence.endswith("approve the new numbers.") for sentence in said if words)


PERCENT, ROWS = Tolerance(by=1, percent=True), Tolerance(by=50)
GROWN = [
    pytest.param(entry(1000, written_since_deploy=10), entry(1010, written_since_deploy=15), True, id="as far as it may"),
    pytest.param(entry(1000, written_since_deploy=10), entry(1011, written_since_deploy=21), False, id="a row more"),
    pytest.param(entry(1000, written_since_deploy=10), entry(1005, written_since_deploy=10), False, id="not by writing"),
    pytest.param(entry(1000, written_since_deploy=0), entry(1005, written_since_deploy=5), False, id="nobody wrote before"),
    pytest.param(entry(1000), entry(1005), False, id="not known whether it was written"),
    pytest.param(entry(0, written_since_deploy=1), entry(1, written_since_deploy=2), False, id="a share of nothing"),
    pytest.param(None, entry(1, written_since_deploy=1), False, id="what was not in the ledger"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "holds"), GROWN)
def test_only_what_is_written_on_and_on_may_grow_and_by_no_more_than_the_policy_says(
    old: LedgerEntry | None, new: LedgerEntry, *, holds: bool
) -> None:
    before = () if old is None else (old,)
    assert (is_worse(before, (new,), growth=PERCENT) == ()) is holds
    assert is_worse(before, (new,)) != ()


def test_growth_may_be_so_many_rows_too() -> None:
    old = entry(10, written_since_deploy=5)
    assert is_worse((old,), (entry(60, written_since_deploy=40),), growth=ROWS) == ()
    assert is_worse((old,), (entry(61, written_since_deploy=40),), growth=ROWS) != ()


def test_what_was_approved_without_numbers_was_approved_at_any_price() -> None:
    assert is_worse(None, (entry(10**9),)) == ()
    assert "cannot be counted now" in is_worse((), None)[0]


ledgers = worlds.tuples(worlds.entries, 6)


@fast
@given(ledgers, st.randoms())
def test_a_ledger_is_never_worse_than_itself_in_another_order(ledger: tuple[LedgerEntry, ...], random: object) -> None:
    assert is_worse(ledger, tuple(random.sample(ledger, len(ledger)))) == ()  # type: ignore[attr-defined]


@fast
@given(ledgers, worlds.entries)
def test_a_table_that_was_not_in_the_ledger_is_always_noticed(
    ledger: tuple[LedgerEntry, ...], more: LedgerEntry
) -> None:
    new = replace(more, table="brand_new", rows=more.rows + 1)
    (said,) = is_worse(ledger, (*ledger, new))
    assert "`brand_new" in said


@fast
@given(st.none() | ledgers)
def test_a_seal_survives_being_written_down(ledger: tuple[LedgerEntry, ...] | None) -> None:
    kept = seal(replace(SHOWN, ledger=ledger))
    assert from_record(decode(encode(to_record(kept)))) == kept


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"digest": "0" * 64}, id="another digest"),
        pytest.param({"exact": {}}, id="nothing in it"),
        pytest.param({"exact": None}, id="no exact part"),
        pytest.param({"ledger": None}, id="no ledger"),
        pytest.param({"ledger": [{"table": "users"}]}, id="half an entry"),
        pytest.param({"ledger": "users"}, id="no list"),
    ],
)
def test_a_damaged_seal_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(RefusedError, match="What was approved cannot be read"):
        from_record({**to_record(seal(SHOWN)), **change})  # type: ignore[dict-item]
    with pytest.raises(RefusedError):
        from_record(None)
