"""Whatever is written into names, reasons, scripts and errors: the message fits, and says nothing on its own account."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actions.approve.voices import TurnedAway
from actions.catalog.matrix import MatrixRow
from actions.errors import RefusedError
from actions.history.lifecycle import Status
from actions.history.values import Step, StepStatus, Voice
from actions.redaction import learn_secret
from actions.restore.listing import Listing, Place, There
from bot.intake import Refusal
from bot.render import announcements, notices
from bot.render.advice import Advised, advice
from bot.render.buttons import Origin
from bot.render.card import card
from bot.render.helping import help_page
from bot.render.home import HomePage, ServiceNow, home
from bot.render.lists import backups_page, history_page, open_ones
from bot.render.live import live
from bot.render.message import Message
from bot.render.modals.pages import findings_dialog, ledger_dialog, ledger_file, sql_dialog
from bot.render.modals.request import Filled, RequestForm, RevisionChoice, filled, request_dialog
from bot.render.modals.strategy import strategy_dialog
from bot.render.postmortem import postmortem
from bot.render.scene import Scene
from bot.render.story import story
from tests.fuzzing import examples
from tests.render.pages import backup, listed
from tests.render.rules import check_message, check_view
from tests.render.scenes import AT, HEAD, LINK, RB, approval, event, minutes, scene, shown, steps

NASTY = (
    "<!channel> <!here> <@U0EVIL111> <#C1|x> @here @channel @everyone *bold* _it_ ~no~ `code` ```fence``` > quote\n"
    "&amp; <https://evil.example|Approved by the CTO> &lt;!channel&gt; :white_check_mark: "
    "\u202eetisoppo\u202c \u2066x\u2069 שלום مرحبا 👩‍👩‍👧‍👦🇩🇪 z\u0300\u0301\u0302\u0303\u0304\u0305\u0306 \x00\x07\x1b[31m\u2028\ud800 "
)
LONG = NASTY + "n" * 200
STATES = list(Status)


def hostile(text: str, status: Status, many: int = 1) -> Scene:
    """Every field of everything is that text."""
    named = {
        "table": text,
        "column": text,
        "rows": 10**15,
        "exact": False,
        "written_since_deploy": 10**15,
        "written_source": text,
    }
    assessed = shown(
        path=[{"revision": text, "message": text, "hash": text}] * many,
        findings=[{"code": text, "severity": "critical", "object": text, "message": text, "evidence": {}, "remedy": text}] * many,
        ledger=[named] * many, gaps=[text] * many,
        rehearsal={"kind": "data", "succeeds": False, "error": {"message": text}, "seconds": 1e9, "locks": [{"relation": text, "mode": text, "seconds": 1.0}] * many},
        strategies=[{"name": text, "possible": True, "recommended": True, "data_lost": text, "estimated_seconds": 1e9, "why": text}] * many,
        runbook={"title": text, "target": text, "scope": {"title": text, "keeps": [text] * many}, "triggers": [text] * many, "risk_note": text, "expected_time": text,
                 "phases": [{"title": text, "risk": text, "note": text}] * many, "steps": [{"title": text, "for_person": True, "no_way_back": True}] * many},
        policy={"verdict": "refuse", "approvals": 10**9, "reasons": [text] * many, "override_possible": True}, digest=text,
        **{"from": [text] * many, "to": [text] * many},
    )  # fmt: skip
    error = {"class": text, "what": text, "where": text, "next_step": text, "held_by": [text] * many}
    made = scene(
        status, shown=assessed, link=LINK, head=HEAD, escalated=True, stop_by=text, progress={"step": text, "words": text, "share": 7},
        rollback_service=text, rollback_reason=text, rollback_requester=text, rollback_target=text, rollback_outcome=text, rollback_environment=text,
        rollback_from_revision=text, rollback_to_revision=text, rollback_strategy=text, rollback_runbook=text, rollback_actual={"rows": 10**15, "locks": [text] * many},
        approvals=tuple(approval(text, number, reason=text, override=True, voided_because=text) for number in range(1, many + 1)),
        events=(*tuple(event(text, AT, text, because=text, step=text, changed=[text], now=[text]) for _ in range(many)), event("rollback.assessing", AT, changed=[text] * many)),
    )  # fmt: skip
    return replace(
        made,
        steps=tuple(_hostile_step(each, text, error) for each in steps(7, StepStatus.FAILED)) * min(many, 5),
    )


def _hostile_step(step: Step, text: str, error: dict[str, Any]) -> Step:
    return replace(
        step,
        title=text,
        error=error if step.status is StepStatus.FAILED else None,
        result={"backup": text, "proof": {"restore_seconds": 1e12}},
    )


ONE_ROLLBACK: dict[str, Callable[[Scene], Message]] = {
    "card": card, "live": live, "story": story, "asked": announcements.asked, "reminder": announcements.reminder,
    "unanswered": announcements.unanswered, "started": announcements.started, "trouble": announcements.trouble, "ended": announcements.ended,
    "over": announcements.over, "chain": announcements.chain_noted,
    "asked_again": lambda s: announcements.asked_again(s, [s.rollback.reason] * 50),
    "escalated": lambda s: announcements.escalated(s, s.rollback.reason),
    "decided": lambda s: announcements.decided(s, s.approvals[0]),
    "rejected": lambda s: announcements.decided(s, replace(s.approvals[0], voice=Voice.REJECT)),
    "step": lambda s: announcements.step_told(s, s.steps[7]),
    "open": lambda s: open_ones([s.rollback] * 60, s.at),
    "history": lambda s: history_page([s.rollback] * 60, service=s.rollback.service, more=True, at=s.at),
    "turned_away": lambda s: notices.turned_away(TurnedAway(why=s.rollback.reason, next_step=s.rollback.reason), RB),
    "not_understood": lambda s: notices.not_understood(Refusal(what=s.rollback.reason, next_step=s.rollback.reason)),
    "trouble_of_ours": lambda s: notices.trouble(RefusedError(s.rollback.reason, where=s.rollback.reason, next_step=s.rollback.reason)),
    "already_open": lambda s: notices.already_open(s.rollback, LINK),
    "received": lambda s: notices.received(s.rollback, None),
    "help": lambda s: help_page([s.rollback.service, "help"] * 3),
    "advice": lambda s: advice(s.rollback.reason, [Advised(service=s.rollback.service, row=MatrixRow.model_construct(
        failure=s.rollback.reason, also=(), runbook=s.rollback.reason, scope=s.rollback.reason, risk=None, duration=None, advice=s.rollback.reason))] * 20),
    "backups": lambda s: backups_page(Listing(service=s.rollback.service, stores=(s.rollback.reason,), away={s.rollback.reason: s.rollback.reason}, backups=(listed(
        s.rollback.reason, why=s.rollback.reason, purpose=s.rollback.reason, revision=s.rollback.reason, places=(
            Place(store=s.rollback.reason, there=There.MISSING, because=s.rollback.reason),) * 9),) * 60), s.at),
}  # fmt: skip


@pytest.mark.parametrize("status", STATES)
@pytest.mark.parametrize("name", ["card", "live", "story"])
def test_five_thousand_of_everything_still_fit(name: str, status: Status) -> None:
    check_message(ONE_ROLLBACK[name](hostile(LONG, status, many=15)))


@pytest.mark.parametrize("name", ONE_ROLLBACK)
def test_no_text_of_others_calls_anybody_or_turns_the_page(name: str) -> None:
    message = ONE_ROLLBACK[name](hostile(LONG, Status.WAITING, many=3))
    check_message(message)
    everything = json.dumps(message.payload, ensure_ascii=False)
    assert not any(called in everything for called in ("<@U0EVIL111", "<https://evil", "<#C1", "<!channel", "<!here"))
    assert ":white_check_mark:" not in everything


def test_five_thousand_findings_and_losses_are_pages() -> None:
    one = hostile("n" * 200, Status.WAITING).shown or {}
    whole = scene(Status.WAITING, shown=shown(findings=one["findings"] * 5000, ledger=one["ledger"] * 5000))
    message = card(whole)
    check_message(message)
    assert "4,996 more" in json.dumps(message.payload, ensure_ascii=False)
    for dialog in (findings_dialog, ledger_dialog):
        for page in (1, 2, 10**6):
            check_view(dialog(whole, page))
    assert ledger_file(whole).content.count("\n") == 5001


def test_dialogs_and_home_hold_whatever_a_catalog_holds() -> None:
    nasty = hostile(LONG, Status.WAITING, many=30)
    check_view(strategy_dialog(nasty))
    check_view(findings_dialog(nasty))
    check_view(ledger_dialog(nasty))
    check_view(sql_dialog(nasty, (LONG + "\n") * 5000 + "x" * 100_000))
    names = tuple(f"a-service-with-a-long-name-for-its-team-{number}" for number in range(500))
    revisions = tuple(RevisionChoice(id=LONG, message=LONG, created=LONG) for _ in range(500))
    row = MatrixRow.model_construct(
        failure=LONG, also=(), runbook="restore", scope=LONG, risk=None, duration=None, advice=LONG
    )
    form = RequestForm(
        services=names,
        origin=Origin(),
        service=names[-1],
        live=LONG,
        revisions=revisions,
        answers=(row,) * 9,
        reason=LONG * 20,
        failure=LONG[:500],
    )
    check_view(request_dialog(form))
    check_view(request_dialog(replace(form, trouble=LONG, revisions=())))
    check_view(request_dialog(replace(form, services=names * 20)))
    check_view(request_dialog(replace(form, services=names[:100])))
    now = ServiceNow(name=LONG, environment=LONG, revision=LONG, since=AT, backup=backup(), open=nasty.rollback)
    for page in (1, 2, 99):
        check_view(home(HomePage(services=(now,) * 300, recent=(nasty.rollback,) * 9, at=AT, page=page)))


@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.text(alphabet=st.one_of(st.characters(), st.sampled_from("<>&`*_~@!:|\n\u202e")), max_size=400),
    st.sampled_from(sorted(ONE_ROLLBACK)),
    st.sampled_from(STATES),
)
def test_any_text_in_any_message_fits(text: str, name: str, status: Status) -> None:
    check_message(ONE_ROLLBACK[name](hostile(text or "x", status)))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
)  # fmt: skip


@settings(max_examples=examples(10), deadline=None)
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(shown(), JSON)))
def test_an_assessment_of_another_version_is_shown_as_far_as_it_is_understood(odd: dict[str, Any]) -> None:
    for whole in (shown(**odd), odd):
        check_message(card(scene(Status.WAITING, shown=whole)))
        check_message(story(scene(Status.REFUSED, shown=whole)))


@given(JSON)
def test_any_state_of_a_dialog_is_read_or_answered(values: Any) -> None:
    answer = filled(values if isinstance(values, dict) else {"service": {"service": values}, "strategy": values})
    assert isinstance(answer, dict)
    assert answer


def test_a_runbook_in_the_dialog_is_a_way_and_its_part_the_target() -> None:
    values = {
        "service": {"service": {"selected_option": {"value": "orders"}}},
        "strategy:orders": {"strategy": {"selected_option": {"value": "runbook:simplify:compose-file"}}},
        "target:orders": {"target": {"selected_option": {"value": "to:4f1a"}}},
    }
    answer = filled(values)
    assert isinstance(answer, Filled)
    assert (answer.strategy, answer.target) == ("simplify", "compose-file")
    assert isinstance(filled(values | {"strategy:orders": {"strategy": {"selected_option": {"value": "rm"}}}}), dict)


def test_secrets_are_in_no_message_and_no_file() -> None:
    learn_secret("hunter2hunter2")
    planted = "postgresql://admin:pw@db/x hunter2hunter2 password=topsecret1 Key (email)=(ana@example.com) exists"
    nasty = hostile(planted, Status.CHOOSING, many=3)
    texts = [f"{name}: {json.dumps(make(nasty).payload)}" for name, make in ONE_ROLLBACK.items()]
    texts += [
        json.dumps(sql_dialog(nasty, planted)),
        json.dumps(ledger_dialog(nasty)),
        postmortem(nasty).content,
        ledger_file(nasty).content,
    ]
    for text in texts:
        for secret in ("hunter2", "admin:pw", "topsecret1", "ana@example.com"):
            assert secret not in text


def test_the_post_mortem_has_it_all_and_stays_markdown() -> None:
    whole = scene(Status.SUCCEEDED, steps=steps(14), head=HEAD, rollback_reason="a | b\n# not a heading <script>", rollback_outcome="Went back, and was seen to be well",
                  events=(event("voice.approve", minutes(4), "U0OMAR222", 3, reason="go"),))  # fmt: skip
    file = postmortem(whole)
    assert file.filename == "RB-142-orders.md"
    for said in (
        "# RB-142: orders",
        "U0OMAR222",
        "voice.approve",
        "3,041 rows",
        "DL101",
        "10482:9f3c0a6be1d2",
        "Back up the database",
        "1 min 16 s",
    ):
        assert said in file.content
    assert not any(line.startswith("# not") for line in file.content.splitlines())
    assert "<script>" not in file.content
    assert "a \\| b" in file.content


def test_a_rollback_of_a_service_that_left_the_catalog_is_still_shown() -> None:
    for status in STATES:
        gone = scene(status, service=None)
        for make in (card, live, story):
            check_message(make(gone))


def test_long_plans_show_where_they_are() -> None:
    plan = steps(14)
    many = tuple(
        replace(
            plan[0],
            position=number,
            title=f"Step {number}",
            name=f"s{number}",
            status=StepStatus.DONE if number < 60 else StepStatus.PENDING,
        )
        for number in range(1, 101)
    )
    text = json.dumps(live(scene(Status.RUNNING, steps=many)).payload, ensure_ascii=False)
    assert "Step 60:" in text
    assert "steps before, all done" in text
    assert "steps after" in text
