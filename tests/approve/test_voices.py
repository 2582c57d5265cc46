"""What a voice does: each refusal says why, and who could."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.approve.people import Role
from actions.approve.voices import Ballot, Counted, Outcome, Rejected, Saying, TurnedAway, weigh
from actions.catalog.policy import Policy
from actions.catalog.risk import Risk
from actions.history.lifecycle import Status
from actions.history.values import Approval, RollbackId, Voice

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LEADS = {"users": ("U0LEAD",)}
POLICY = Policy.model_validate(
    {"override": {"by": LEADS}, "break_glass": {"by": LEADS, "after": "20m", "up_to": "high"}}
)
BALLOT = Ballot(
    requester="ann", status=Status.WAITING, digest="d1", needed=2, risk=Risk.HIGH, refused=False,
    waiting_since=NOON, expires_at=NOON + timedelta(hours=1), voices=(), policy=POLICY, approvers="@leads",
)  # fmt: skip
YES = Saying(person="bob", voice=Voice.APPROVE, digest="d1", roles=frozenset({Role.APPROVER}))


def given_before(person: str, voice: Voice = Voice.APPROVE, digest: str = "d1") -> Approval:
    return Approval(
        id=1, rollback=RollbackId(1), person=person, voice=voice, digest=digest, roles=("approver",), reason=None,
        override=False, given_at=NOON, voided_at=None, voided_because=None,
    )  # fmt: skip


def said(ballot: Ballot, saying: Saying, *, after: timedelta = timedelta(minutes=5)) -> Outcome:
    return weigh(ballot, saying, NOON + after)


def refusal(ballot: Ballot, saying: Saying, *, after: timedelta = timedelta(minutes=5)) -> str:
    outcome = said(ballot, saying, after=after)
    assert isinstance(outcome, TurnedAway)
    assert outcome.next_step
    return outcome.why


def test_the_first_of_two_counts_and_the_second_decides() -> None:
    assert said(BALLOT, YES) == Counted(have=1, need=2, enough=False)
    second = replace(BALLOT, voices=(given_before("carol"),))
    assert said(second, YES) == Counted(have=2, need=2, enough=True)


def test_whoever_asked_never_counts() -> None:
    assert "asked for it" in refusal(BALLOT, replace(YES, person="ann"))


def test_one_voice_per_person() -> None:
    assert "one voice per person" in refusal(replace(BALLOT, voices=(given_before("bob"),)), YES)


def test_whoever_lost_the_role_does_not_count_and_hears_who_could() -> None:
    outcome = said(BALLOT, replace(YES, roles=frozenset(), unread=("group S01: Slack does not answer",)))
    assert isinstance(outcome, TurnedAway)
    assert "Slack does not answer" in outcome.why
    assert "@leads" in outcome.next_step


def test_a_voice_on_what_was_shown_before_does_not_count() -> None:
    assert "have changed" in refusal(BALLOT, replace(YES, digest="d0"))


def test_voices_on_another_plan_are_not_counted() -> None:
    old = replace(BALLOT, voices=(given_before("carol", digest="d0"),))
    assert said(old, YES) == Counted(have=1, need=2, enough=False)


def test_after_the_time_is_over_nothing_counts() -> None:
    assert "time to decide" in refusal(BALLOT, YES, after=timedelta(hours=1))


@pytest.mark.parametrize("status", [each for each in Status if each is not Status.WAITING])
def test_what_does_not_wait_takes_no_voice(status: Status) -> None:
    assert refusal(replace(BALLOT, status=status), YES)


def test_one_no_of_somebody_who_may_ends_it() -> None:
    assert said(BALLOT, replace(YES, voice=Voice.REJECT)) == Rejected()
    assert "may not reject" in refusal(BALLOT, replace(YES, voice=Voice.REJECT, roles=frozenset()))


def test_what_the_policy_refuses_needs_an_override_with_role_and_reason() -> None:
    refused = replace(BALLOT, refused=True, needed=1)
    overrider = replace(YES, roles=frozenset({Role.APPROVER, Role.OVERRIDE}))
    assert "only an override" in refusal(refused, overrider)
    assert "may not override" in refusal(refused, replace(YES, override=True, reason="customers cannot pay at all"))
    assert "reason of at least 10" in refusal(refused, replace(overrider, override=True, reason="now"))
    assert said(refused, replace(overrider, override=True, reason="customers cannot pay at all")) == Counted(
        have=1, need=1, enough=True
    )


def test_a_policy_without_override_is_final() -> None:
    final = replace(BALLOT, refused=True, policy=Policy())
    assert "nobody may override" in refusal(final, replace(YES, override=True, reason="please let me do it"))


def test_the_glass_may_be_broken_when_the_approvers_did_not_answer_in_time() -> None:
    alone = replace(YES, person="ann", roles=frozenset({Role.BREAK_GLASS}), break_glass=True, reason="nobody answers")
    assert "they get 1200 s" in refusal(BALLOT, alone, after=timedelta(minutes=19))
    assert said(BALLOT, alone, after=timedelta(minutes=20)) == Counted(have=2, need=2, enough=True)


@pytest.mark.parametrize(
    ("ballot", "saying", "why"),
    [
        (replace(BALLOT, risk=Risk.CRITICAL), {}, "risk is critical"),
        (replace(BALLOT, refused=True), {}, "not for the rules"),
        (replace(BALLOT, policy=Policy()), {}, "no break-glass"),
        (BALLOT, {"roles": frozenset({Role.APPROVER})}, "may not break"),
        (BALLOT, {"reason": " "}, "needs a reason"),
    ],
)
def test_the_glass_stays_whole_without_cause(ballot: Ballot, saying: dict[str, object], why: str) -> None:
    asked = replace(YES, roles=frozenset({Role.BREAK_GLASS}), break_glass=True, reason="nobody answers")
    assert why in refusal(ballot, replace(asked, **saying), after=timedelta(minutes=30))


@given(
    voices=st.lists(st.sampled_from(["ann", "bob", "carol", "dave"]), unique=True),
    person=st.sampled_from(["ann", "bob", "carol", "dave"]),
    needed=st.integers(1, 4),
)
def test_it_never_goes_ahead_with_fewer_than_the_quorum_of_others(voices: list[str], person: str, needed: int) -> None:
    ballot = replace(BALLOT, needed=needed, voices=tuple(given_before(each) for each in voices))
    outcome = said(ballot, replace(YES, person=person))
    if isinstance(outcome, Counted) and outcome.enough:
        assert len({*voices, person} - {"ann"}) >= needed
