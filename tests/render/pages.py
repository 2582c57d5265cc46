"""Everything that Backout says in Slack, by a name: each is one snapshot."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from actions.approve.voices import TurnedAway
from actions.catalog.matrix import MatrixRow
from actions.errors import HaltedError, RefusedError, UnavailableError
from actions.history.lifecycle import Status
from actions.history.values import BackupRecord, BackupState, Risk, RollbackId, StepStatus, Voice
from actions.restore.drill import Drill, Outcome, Point
from actions.restore.listing import Listed, Listing, Place, There
from bot.intake import Refusal
from bot.render import announcements, notices, turns
from bot.render.advice import Advised, advice
from bot.render.buttons import Origin, Tick
from bot.render.card import card
from bot.render.drilling import drill_begun, drill_lost, drill_report
from bot.render.helping import help_page
from bot.render.home import HomePage, ServiceNow, home
from bot.render.lists import backups_page, history_page, open_ones
from bot.render.live import live
from bot.render.message import Message, View
from bot.render.modals.pages import findings_dialog, ledger_dialog, sql_dialog
from bot.render.modals.reasons import break_glass_dialog, cross_dialog, looked_dialog, override_dialog, reject_dialog
from bot.render.modals.request import (
    BackupChoice,
    PartChoice,
    RequestForm,
    RevisionChoice,
    loading,
    request_dialog,
    told,
)
from bot.render.modals.strategy import strategy_dialog
from bot.render.story import story
from tests.render.scenes import (
    AT,
    HEAD,
    LENA,
    LINK,
    LOCKED,
    MARIA,
    OMAR,
    approval,
    event,
    minutes,
    rollback,
    scene,
    shown,
    steps,
    voided,
)

REFUSED = {
    "verdict": "refuse", "approvals": 1, "override_possible": True,
    "reasons": ["The revision went live 3 h 12 min ago; going back is allowed for 5 min. Choose another strategy, or fix it forward.",
                "3,041 rows and about 91,204 values would be destroyed. Restore them afterwards from a backup of this run."],
}  # fmt: skip
HARMLESS = shown(
    risk="low", ledger=[], findings=[], policy={"verdict": "approve", "approvals": 1, "reasons": [], "override_possible": False},
    rehearsal=shown()["rehearsal"] | {"kind": "data", "locks": [{"relation": "refunds", "mode": "AccessExclusiveLock", "seconds": 0.04}]},
    strategies=[
        {"name": "downgrade", "possible": True, "recommended": True, "data_lost": "nothing", "estimated_seconds": 12.0, "estimated_from": "",
         "why": "It worked when it was tried on a copy with the data.", "needs": []},
    ],
)  # fmt: skip
BOOK = shown(
    risk="medium", strategy="runbook", path=[], ledger=[], rehearsal=None, strategies=[], findings=[], **{"from": [], "to": []},
    runbook={
        "name": "simplification", "title": "Simplification", "description": None, "target": "compose-file",
        "scope": {"name": "compose-file", "title": "The compose file alone", "keeps": ["networks", "volumes"]},
        "phases": [{"name": "compose", "title": "Docker Compose", "risk": "medium", "risk_note": "restarts everything", "expected_time": "15m-30m", "note": None}],
        "risk": "medium", "risk_note": "file-based, no data loss", "expected_time": "15m-30m", "triggers": ["container start fails", "networks do not resolve"],
        "checks": [], "steps": [
            {"name": "a", "title": "Take compose.yml from HEAD~1", "for_person": False, "no_way_back": False},
            {"name": "b", "title": "Upload a document and download it", "for_person": True, "no_way_back": False},
            {"name": "c", "title": "Remove the volume cache", "for_person": False, "no_way_back": True},
        ],
    },
)  # fmt: skip
BY_BOOK = {
    "rollback_runbook": "simplification",
    "rollback_target": "compose-file",
    "rollback_from_revision": None,
    "rollback_to_revision": None,
    "rollback_strategy": "runbook",
    "rollback_risk": Risk.MEDIUM,
}
FAILED_STEP: Mapping[str, Any] = {"error": LOCKED, "attempts": 7}
ENDED = {
    "rollback_outcome": "Went back, and was seen to be well",
    "rollback_actual": {"seconds": {}, "rows": 4245, "locks": ["refunds AccessExclusiveLock", "preferences AccessExclusiveLock"]},
}  # fmt: skip


def waiting(**changes: Any) -> Any:
    return scene(Status.WAITING, **changes)


def _cards() -> Mapping[str, Callable[[], Message]]:
    return {
        "card_assessing": lambda: card(scene(Status.ASSESSING)),
        "card_waiting": lambda: card(waiting()),
        "card_waiting_harmless": lambda: card(waiting(shown=HARMLESS, rollback_approvals_needed=1)),
        "card_one_of_two": lambda: card(waiting(approvals=(approval(OMAR),))),
        "card_fails_on_copy": lambda: card(waiting(shown=shown(
            risk="critical", rehearsal={"kind": "schema", "succeeds": False, "seconds": 0.4, "locks": [],
                                        "error": {"kind": "dependency", "message": "cannot drop column reason: view refund_report depends on it"}},
        ))),
        "card_not_tried": lambda: card(waiting(shown=shown(rehearsal=None, gaps=["The scripts could not be run: no module named orders."]))),
        "card_asked_again_measuring": lambda: card(scene(
            Status.ASSESSING, events=voided("U0OMAR222 chose restore instead of downgrade"),
        )),
        "card_asked_again": lambda: card(waiting(
            approvals=(approval(OMAR, voided_at=minutes(5), voided_because="drift"),),
            events=voided("3,041 rows would be lost instead of 2,980", "The script of `9d00ee41aa10` is another one"),
        )),
        "card_refused_overridable": lambda: card(waiting(shown=shown(policy=REFUSED))),
        "card_refused": lambda: card(scene(
            Status.REFUSED, steps=(), shown=shown(policy=REFUSED | {"override_possible": False}),
            rollback_outcome="The policy refuses it: " + REFUSED["reasons"][0],
        )),
        "card_approved": lambda: card(scene(Status.APPROVED)),
        "card_allowed": lambda: card(scene(
            Status.APPROVED, approvals=(), rollback_approvals_needed=0,
            shown=HARMLESS | {"policy": {"verdict": "allow", "approvals": 0, "reasons": [], "override_possible": False}},
        )),
        "card_overridden": lambda: card(scene(
            Status.APPROVED, shown=shown(policy=REFUSED), rollback_approvals_needed=1,
            approvals=(approval(LENA, override=True, reason="Payments are down, we accept the loss"),),
        )),
        "card_rejected": lambda: card(scene(
            Status.REJECTED, approvals=(approval(OMAR, voice=Voice.REJECT, reason="We fix it forward, PR is open"),),
            rollback_outcome=f"Rejected by {OMAR}: We fix it forward, PR is open",
        )),
        "card_expired": lambda: card(scene(Status.EXPIRED, rollback_outcome="Nobody decided in time")),
        "card_stopped": lambda: card(scene(
            Status.STOPPED, rollback_started_at=None, rollback_outcome=f"Stopped by {MARIA} before anything was done",
        )),
        "card_not_assessed": lambda: card(scene(
            Status.FAILED, shown=None, steps=(), approvals=(), rollback_started_at=None, rollback_strategy=None, rollback_from_revision=None,
            rollback_to_revision=None, rollback_outcome="It could not be assessed: The database does not answer. Look at DATABASE_URL.",
        )),
        "card_by_runbook": lambda: card(waiting(shown=BOOK, steps=(), **BY_BOOK)),
        "card_running": lambda: card(scene(Status.RUNNING, steps=steps(5, StepStatus.RUNNING))),
        "card_choosing": lambda: card(scene(Status.CHOOSING, steps=steps(7, StepStatus.FAILED, **FAILED_STEP))),
        "card_succeeded": lambda: card(scene(Status.SUCCEEDED, steps=steps(14), **ENDED)),
    }  # fmt: skip


def _live() -> Mapping[str, Callable[[], Message]]:
    undone = tuple(
        replace(step, status=StepStatus.UNDONE) if step.action == "stop-writer" else step for step in steps(5, StepStatus.FAILED, error={
            "class": "BackoutError", "what": "The disk of the store is full", "where": "store s3://backups", "next_step": "Make room, and ask again.",
        })
    )  # fmt: skip
    return {
        "live_begins": lambda: live(scene(Status.RUNNING, at=minutes(10.02), steps=steps(0, StepStatus.RUNNING))),
        "live_backing_up": lambda: live(scene(
            Status.RUNNING, at=minutes(11.5), steps=steps(5, StepStatus.RUNNING),
            progress={"step": "back-up", "words": "412 of 980 MB", "share": 0.42},
        )),
        "live_stop_asked": lambda: live(scene(Status.RUNNING, at=minutes(11.5), steps=steps(5, StepStatus.RUNNING), stop_by=MARIA)),
        "live_behind_no_return": lambda: live(scene(Status.RUNNING, at=minutes(14.2), steps=steps(9, StepStatus.RUNNING))),
        "live_choosing": lambda: live(scene(Status.CHOOSING, steps=steps(7, StepStatus.FAILED, **FAILED_STEP), at=minutes(16))),
        "live_choosing_escalated": lambda: live(scene(
            Status.CHOOSING, steps=steps(9, StepStatus.FAILED, error={"class": "BackoutError", "what": "docker compose up failed: exit code 1"}),
            at=minutes(16), escalated=True,
            events=(event("escalated", minutes(15), because="2 attempts have failed", contacts=["Database administrator (pager 4711)", "Head of platform (+49 30 1234)"]),),
        )),
        "live_halted": lambda: live(scene(
            Status.HALTED, steps=steps(7, StepStatus.STUCK, error={
                "class": "HaltedError", "what": "The database is at c0ffee, which is not on the way", "next_step": "Look who moved it."}),
            events=(event("step.progress", minutes(14), now=["c0ffee"]),),
        )),
        "live_waits_for_a_person": lambda: live(scene(
            Status.RUNNING, shown=BOOK, **BY_BOOK,
            steps=steps(4, StepStatus.RUNNING, parameters={"for_person": True}, name="documents-check-2", title="Upload a document and download it"),
        )),
        "live_undoing": lambda: live(scene(Status.UNDOING, steps=undone)),
        "live_succeeded": lambda: live(scene(Status.SUCCEEDED, steps=steps(14), head=HEAD, **ENDED)),
        "live_failed_undone": lambda: live(scene(
            Status.FAILED, steps=undone, head=HEAD,
            rollback_outcome="Back up the database: The disk of the store is full; everything that was done is undone, the service is as it was",
        )),
        "live_stopped": lambda: live(scene(
            Status.STOPPED, steps=undone, rollback_outcome="Stopped by a person; everything that was done is undone",
        )),
    }  # fmt: skip


def _announcements() -> Mapping[str, Callable[[], Message]]:
    choosing = scene(Status.CHOOSING, steps=steps(7, StepStatus.FAILED, **FAILED_STEP), link=LINK)
    done = scene(Status.SUCCEEDED, steps=steps(14), link=LINK, head=HEAD, **ENDED)
    no = approval(OMAR, voice=Voice.REJECT, reason="We fix it forward")
    return {
        "said_asked": lambda: announcements.asked(waiting(link=LINK)),
        "said_asked_override": lambda: announcements.asked(waiting(shown=shown(policy=REFUSED))),
        "said_asked_again": lambda: announcements.asked_again(waiting(), ["3,041 rows would be lost instead of 2,980"]),
        "said_reminder": lambda: announcements.reminder(waiting(approvals=(approval(OMAR),))),
        "said_unanswered": lambda: announcements.unanswered(waiting()),
        "said_approved_one": lambda: announcements.decided(waiting(approvals=(approval(OMAR),)), approval(OMAR)),
        "said_approved_all": lambda: announcements.decided(scene(Status.APPROVED), approval(LENA, 2)),
        "said_broken_glass": lambda: announcements.decided(
            scene(Status.APPROVED), approval(MARIA, 3, roles=("break-glass", "glass broken"), reason="Nobody answers, payments are down"),
        ),
        "said_rejected": lambda: announcements.decided(scene(Status.REJECTED, approvals=(no,)), no),
        "said_expired": lambda: announcements.over(scene(Status.EXPIRED, rollback_outcome="Nobody decided in time")),
        "said_started": lambda: announcements.started(scene(Status.RUNNING, steps=steps(0, StepStatus.RUNNING), link=LINK)),
        "said_trouble": lambda: announcements.trouble(choosing),
        "said_halted": lambda: announcements.trouble(scene(Status.HALTED, steps=steps(7, StepStatus.STUCK, error={"class": "HaltedError", "what": "Who knows"}))),
        "said_escalated": lambda: announcements.escalated(choosing, "2 attempts have failed"),
        "said_called_next": lambda: announcements.called_next(choosing, event(
            "escalated.next", minutes(31), number=2, contact="Head of platform (+49 30 1234)",
            because="nobody has done anything about it for 15 minutes",
        )),
        "said_ended": lambda: announcements.ended(done),
        "said_ended_failed": lambda: announcements.ended(scene(Status.FAILED, steps=steps(7, StepStatus.SKIPPED, **FAILED_STEP), rollback_outcome="Downgrade: no lock. The database was kept as it is, and the writers are back")),
        "said_step_done": lambda: announcements.step_told(done, done.steps[5]),
        "said_step_failed": lambda: announcements.step_told(choosing, choosing.steps[7]),
        "said_stop_asked": lambda: turns.stop_asked(choosing, MARIA),
        "said_chosen": lambda: turns.chosen(choosing, OMAR, "restore"),
        "said_turning_back": lambda: turns.turning_back(choosing, "The disk of the store is full"),
        "said_chain": lambda: announcements.chain_noted(done),
    }  # fmt: skip


def _notices() -> Mapping[str, Callable[[], Message]]:
    return {
        "only_you_requester": lambda: notices.turned_away(
            TurnedAway(why="You asked for it, so your own approval does not count", next_step="Ask one of: S0LEADS11, U0OMAR222, U0LENA333."), RollbackId(142)),
        "only_you_not_understood": lambda: notices.not_understood(Refusal(what="'ordrs' is neither a service nor a word that I know.", next_step="Did you mean `/rollback orders`?")),
        "only_you_refused": lambda: notices.trouble(RefusedError("Only whoever asked for it, or somebody with a role for the service, may stop it", where="RB-142", next_step="Ask U0MARIA11.")),
        "only_you_away": lambda: notices.trouble(UnavailableError("The history database does not answer", next_step="Look at `BACKOUT_DATABASE_URL`.")),
        "only_you_halted": lambda: notices.trouble(HaltedError("Nobody knows")),
        "only_you_unexpected": lambda: notices.unexpected("7f3a-11"),
        "only_you_already_open": lambda: notices.already_open(rollback(Status.WAITING), LINK),
        "only_you_received": lambda: notices.received(rollback(Status.ASSESSING), None),
        "only_you_forged": notices.forged,
        "only_you_not_here": lambda: notices.not_here("Backout is not used in this channel; it is in #incidents"),
        "only_you_too_late": lambda: notices.too_late(rollback(Status.RUNNING)),
    }  # fmt: skip


def listed(name: str, **changes: Any) -> Listed:
    made = Listed(
        name=name, service="orders", strategy="dump", taken_at=AT - timedelta(hours=6), state=BackupState.PROVEN, why=None, purpose="schedule",
        revision="3b2e77a1c0de", size_bytes=412_000_000, rows=1_204_331, places=(Place(store="s3://backups", there=There.KEPT),),
        restore_seconds=118.4, restore_measured=True,
    )  # fmt: skip
    return replace(made, **changes)


def backup(state: BackupState = BackupState.PROVEN) -> BackupRecord:
    return BackupRecord(
        id=1, name="orders_20260313T205501Z", service="orders", rollback=None, strategy="dump", state=state, because=None, revision="3b2e77a1c0de",
        size_bytes=1, manifest=None, stores={}, started_at=AT - timedelta(hours=6), made_at=AT - timedelta(hours=6), proven_at=None, updated_at=AT,
        purpose="schedule", maker=None, proof=None, slot=None, attempt=None, deleted_at=None,
    )  # fmt: skip


def drill(*outcomes: Outcome, dry_run: bool = False) -> Drill:
    titles = (
        "The database answers",
        "A backup is made",
        "Its copies are whole",
        "It is listed",
        "It is restored beside",
        "Schema and rows are equal",
        "The checks hold",
        "The page is written",
    )
    points = tuple(
        Point(number=number, name=f"p{number}", title=title, outcome=outcome, said="1,204,331 rows in 42 tables" if outcome is Outcome.PASSED else "The store is full",
              next_step="Make room." if outcome is Outcome.FAILED else None, started_at=AT, seconds=12.0 * number)
        for number, (title, outcome) in enumerate(zip(titles, outcomes, strict=False), start=1)
    )  # fmt: skip
    return Drill(
        service="orders",
        environment="production",
        dry_run=dry_run,
        started_at=AT,
        seconds=241.0,
        points=points,
        backup="orders_20260314T031201Z",
        page="",
    )


def _answers() -> Mapping[str, Callable[[], Message]]:
    rows = (
        MatrixRow(
            failure="login is broken", runbook="downgrade", risk="high", advice="Look first whether `auth` runs."
        ),
        MatrixRow(failure="pages load slowly", advice="Wait for the on-call lead."),
    )
    rollbacks = [
        rollback(Status.SUCCEEDED, outcome="Went back, and was seen to be well"),
        rollback(Status.REJECTED, id=RollbackId(141), outcome=f"Rejected by {OMAR}: We fix it forward"),
        rollback(Status.HALTED, id=RollbackId(140)),
    ]
    entries = (
        event("rollback.requested", AT, MARIA, 1), event("assessment.shown", minutes(0.1), seq=2), event("voice.approve", minutes(4), OMAR, 3, reason="go"),
        event("rollback.running", minutes(10), "host:12:fox", 4), event("step.failed", minutes(14), "host:12:fox", 5, step="downgrade", because="no lock", attempt=2),
    )  # fmt: skip
    return {
        "answer_help": lambda: help_page(["orders", "content-api", "status"]),
        "answer_status_none": lambda: open_ones([], AT),
        "answer_status": lambda: open_ones([rollback(Status.WAITING), rollback(Status.HALTED, id=RollbackId(140), service="content-api")], minutes(30)),
        "answer_status_of_service": lambda: open_ones([], AT, service="orders"),
        "answer_history": lambda: history_page(rollbacks, service="orders", more=True, at=minutes(200)),
        "answer_history_none": lambda: history_page([], service="orders", more=False, at=AT),
        "answer_show_waiting": lambda: story(waiting(link=LINK)),
        "answer_show_ended": lambda: story(scene(Status.SUCCEEDED, steps=steps(14), head=HEAD, link=LINK, events=entries, **ENDED)),
        "answer_backups": lambda: backups_page(Listing(service="orders", stores=("s3://backups", "/mnt/b"), away={"/mnt/b": "it is empty, and should have 3 backups"}, backups=(
            listed("orders_20260313T205501Z"), listed("orders_20260313T145501Z", state=BackupState.MADE, restore_measured=False, places=(
                Place(store="s3://backups", there=There.MISSING, because="it was written there, and is gone"),)),
            listed("orders_20260312T205501Z", state=BackupState.FAILED, why="rows differ in `refunds`", restore_seconds=None))), AT),
        "answer_backups_none": lambda: backups_page(Listing(service="orders", stores=(), away={}, backups=()), AT),
        "answer_advise": lambda: advice("login is broken", [Advised(service="orders", row=rows[0]), Advised(service="content-api", row=rows[1])]),
        "answer_advise_none": lambda: advice("the coffee is cold", []),
        "answer_drill_begun": lambda: drill_begun("orders"),
        "answer_drill_lost": lambda: drill_lost("orders", "U0ANA", AT),
        "answer_drill_passed": lambda: drill_report(drill(*[Outcome.PASSED] * 8)),
        "answer_drill_failed": lambda: drill_report(drill(Outcome.PASSED, Outcome.FAILED, *[Outcome.SKIPPED] * 6)),
    }  # fmt: skip


def form(**changes: Any) -> RequestForm:
    made = RequestForm(
        services=("content-api", "orders", "traceo"), origin=Origin(channel="C0INCID11"), service="orders", live="4f1a9c03d2b7",
        revisions=(RevisionChoice(id="9d00ee41aa10", message="Refunds get a reason", created="2026-03-11 09:14:00"),
                   RevisionChoice(id="3b2e77a1c0de", message="Orders have a currency", created="2026-02-27 16:40:11")),
        failure="login is broken", answers=(MatrixRow(failure="login is broken", runbook="app-only", risk="low", advice="Look first whether `auth` runs."),),
    )  # fmt: skip
    return replace(made, **changes)


def _views() -> Mapping[str, Callable[[], View]]:
    many = shown(ledger=[
        {"table": f"t{number:03}", "column": None, "rows": 9000 - number, "exact": number % 3 > 0, "written_since_deploy": number, "written_source": None} for number in range(130)
    ])  # fmt: skip
    now = rollback(Status.WAITING)
    services = tuple(
        ServiceNow(
            name=f"service-{number:02}",
            environment="staging",
            revision="3b2e77a1c0de",
            since=AT - timedelta(days=2),
            backup=None,
            open=None,
        )
        for number in range(40)
    )
    three = (
        ServiceNow(name="orders", environment="production", revision="4f1a9c03d2b7", since=AT - timedelta(hours=3), backup=backup(), open=now),
        ServiceNow(name="content-api", environment="production", revision="0009", since=None, backup=backup(BackupState.MADE), open=None),
        ServiceNow(name="traceo", environment="staging", revision=None, since=None, backup=None, open=None),
    )  # fmt: skip
    return {
        "dialog_loading": lambda: loading("Reading the revisions of orders"),
        "dialog_told": lambda: told("What would be lost", "There is no assessment yet.", "Wait until it was measured."),
        "dialog_request_first": lambda: request_dialog(RequestForm(services=("content-api", "orders"), origin=Origin())),
        "dialog_request": lambda: request_dialog(form()),
        "dialog_request_runbooks": lambda: request_dialog(form(
            answers=(MatrixRow.model_construct(failure="container start fails", also=(), runbook="simplify", scope="compose-file", risk=None, duration=None, advice=None),),
            parts=(PartChoice(runbook="simplify", part="all", title="Simplification: all of it", risk="high"),
                   PartChoice(runbook="simplify", part="compose-file", title="Simplification: the compose file", risk="medium")),
        )),
        "dialog_request_backups": lambda: request_dialog(form(answers=(), failure="", backups=(
            BackupChoice(name="orders_20260313_205501_4f2a", age="6 h", revision="9d00ee41aa10"),
            BackupChoice(name="orders_20260312_205501_90cd", age="30 h", revision="3b2e77a1c0de")))),
        "dialog_request_unread": lambda: request_dialog(form(revisions=(), trouble="No module named orders", answers=(), failure="the coffee is cold")),
        "dialog_reject": lambda: reject_dialog(now),
        "dialog_override": lambda: override_dialog(now, reason_length=10),
        "dialog_break_glass": lambda: break_glass_dialog(now),
        "dialog_cross": lambda: cross_dialog(rollback(Status.RUNNING), Tick(rollback=RollbackId(142), step="documents-check-2"), "Upload a document and download it"),
        "dialog_looked": lambda: looked_dialog(rollback(Status.HALTED)),
        "dialog_strategy": lambda: strategy_dialog(waiting()),
        "dialog_ledger": lambda: ledger_dialog(waiting()),
        "dialog_ledger_second": lambda: ledger_dialog(waiting(shown=many), page=2),
        "dialog_findings": lambda: findings_dialog(waiting()),
        "dialog_sql": lambda: sql_dialog(waiting(), "-- downgrade of 4f1a9c03d2b7\nDROP TABLE preferences;\n\n-- downgrade of 9d00ee41aa10\nALTER TABLE refunds DROP COLUMN reason;\n"),
        "dialog_sql_long": lambda: sql_dialog(waiting(), "\n".join(f"DELETE FROM t WHERE id = {number};" for number in range(3000))),
        "home": lambda: home(HomePage(services=three, recent=(rollback(Status.SUCCEEDED, id=RollbackId(139), outcome="Went back, and was seen to be well"),), at=AT)),
        "home_second_page": lambda: home(HomePage(services=services, recent=(), at=AT, page=2)),
        "home_empty": lambda: home(HomePage(services=(), recent=(), at=AT)),
    }  # fmt: skip


MESSAGES: Mapping[str, Callable[[], Message]] = {**_cards(), **_live(), **_announcements(), **_notices(), **_answers()}
VIEWS: Mapping[str, Callable[[], View]] = _views()
