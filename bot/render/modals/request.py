"""The dialog for a new rollback. It opens as a loading view at once, for a trigger lives three seconds."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from actions.catalog.matrix import MatrixRow
from actions.catalog.runbooks import BUILT_IN
from actions.catalog.service import Service
from actions.errors import BackoutError
from bot.intake.commands import Refusal
from bot.intake.request import ALL, LONGEST_REASON, read_target
from bot.intake.tidying import sentence, tidy
from bot.render.advice import answer_words
from bot.render.blocks import (
    choice_in_groups,
    choice_of,
    context,
    line_of_text,
    lines_of_text,
    option,
    question,
    radio,
    section,
    ticks,
)
from bot.render.buttons import Dialog, Field, Origin, decode_service
from bot.render.foreign import code, foreign, plain, typed, worded
from bot.render.limits import OPTIONS
from bot.render.message import Block, View, modal
from bot.render.modals.answers import block_of, ticked, written

WAYS: Final = (
    ("downgrade", "Downgrade", "Schema and application go back. What the newer schema holds is lost."),
    ("restore", "Restore a backup", "The database as it was then. What came after it is lost."),
    ("app-only", "Application only", "The older release on the newer schema. Nothing is lost."),
)  # fmt: skip
MOST_ANSWERS: Final = 3
#: Radio buttons that Slack takes in one group.
MOST_TO_TICK: Final = 10
#: Of the backups: none of them by name.
NEWEST: Final = "newest"
#: A backup beside a way out that restores none.
ONLY_A_RESTORE: Final = "A backup comes back by a restore alone: choose that way, or no backup."
_BACKUP: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,74}")
_RUNBOOK: Final = re.compile(r"runbook:(?P<name>[a-z][a-z0-9-]{0,47}):(?P<part>[a-z][a-z0-9-]{0,47})")
#: A menu of more of them would be larger than a view may be.
MANY_SERVICES: Final = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class RevisionChoice:
    """A revision that one could go back to, the nearest first."""

    id: str
    message: str
    #: As its script says.
    created: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class PartChoice:
    """A runbook of the service, or a scope of one."""

    runbook: str
    #: `all`, or a scope's name.
    part: str
    title: str
    risk: str

    @property
    def value(self) -> str:
        return f"runbook:{self.runbook}:{self.part}"


@dataclass(frozen=True, kw_only=True, slots=True)
class BackupChoice:
    """A proven backup that could come back."""

    name: str
    #: How long ago it was taken.
    age: str
    revision: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestForm:
    services: tuple[str, ...]
    origin: Origin
    service: str | None = None
    #: Where the service is now.
    live: str | None = None
    revisions: tuple[RevisionChoice, ...] = ()
    #: Its own runbooks: further ways.
    parts: tuple[PartChoice, ...] = ()
    #: The newest first.
    backups: tuple[BackupChoice, ...] = ()
    #: The revisions are being read.
    reading: bool = False
    #: Why the revisions could not be read; one can be written by hand.
    trouble: str | None = None
    #: What the matrix says to the failure that was written.
    answers: tuple[MatrixRow, ...] = ()
    #: What was typed after the command, if the dialog opens half filled.
    reason: str = ""
    failure: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Filled:
    """What somebody put into it."""

    service: str
    #: None: wherever the backup leads.
    target: str | None
    strategy: str
    reason: str
    with_data: bool
    failure: str
    #: Which one is restored; None: the newest that fits.
    backup: str | None = None
    #: Where something that is wrong with it is said.
    backup_block: str = Field.BACKUP.value


def parts_of(service: Service) -> tuple[PartChoice, ...]:
    """Each runbook whole, then its scopes."""
    return tuple(
        choice
        for name, book in service.runbooks.items()
        for choice in (
            PartChoice(runbook=name, part=ALL, title=f"{book.title or name}: all of it", risk=book.risk.value),
            *(
                PartChoice(
                    runbook=name, part=scope, title=f"{book.title or name}: {each.title or scope}", risk=each.risk.value
                )
                for scope, each in book.scopes.items()
            ),
        )
    )


def loading(what: str) -> View:
    """In place of any view that needs a moment."""
    return modal(Dialog.LOADING, "Backout", section(f"⏳ {foreign(what, 200)} …", name="loading"))


def told(title: str, what: str, next_step: str = "") -> View:
    """In place of a view that cannot be shown: why, and what to do."""
    more = [section(f"→ {worded(next_step, 500)}", name="next")] if next_step else []
    return modal(Dialog.LOADING, title, section(worded(what, 900), name="told"), *more)


def request_dialog(form: RequestForm) -> View:
    return modal(
        Dialog.REQUEST, "Take a service back", *_questions(form), metadata=form.origin.encode(), submit="Measure it",
        close="Not now",
    )  # fmt: skip


def _questions(form: RequestForm) -> Iterator[Block]:
    yield section(
        "Nothing is changed by asking: it is measured what going back would cost, and people approve it.",
        name="promise",
    )
    yield _service(form)
    yield question(
        Field.FAILURE, "What fails?", line_of_text(placeholder="login is broken", initial=typed(form.failure), most=500),
        hint="Press Enter, and the runbooks' decision matrix says what to take back.", optional=True, tells=True,
    )  # fmt: skip
    yield from _answers(form)
    yield from _targets(form)
    yield _ways(form)
    yield from _backups(form)
    yield question(
        Field.REASON, "Why", lines_of_text(placeholder="Approvers and the history will read it", initial=typed(form.reason), most=LONGEST_REASON),
        optional=True,
    )  # fmt: skip
    yield question(
        Field.WITH_DATA, "Rehearsal",
        ticks([option("Rehearse on a copy of the data first", "yes", "Takes as long as a restore; the numbers are exact then.")]),
        optional=True,
    )  # fmt: skip


def _ways(form: RequestForm) -> Block:
    """The strategies, and the service's own runbooks; a few as a list to tick, many as a menu."""
    ways = [option(name, value, description) for value, name, description in WAYS]
    ways += [
        option(plain(each.title, 70), each.value, f"{each.risk} risk; no revision is needed") for each in form.parts
    ]
    there = {each["value"] for each in ways}
    wanted = suggested(form.answers)
    initial = wanted if wanted in there else "downgrade"
    if len(ways) <= MOST_TO_TICK:
        return question(Field.STRATEGY, "Way out", radio(ways, initial=initial), of=form.service)
    menu = choice_of(ways[:OPTIONS], placeholder="Which way?", initial=initial)
    return question(Field.STRATEGY, "Way out", menu, of=form.service)


def _backups(form: RequestForm) -> Iterator[Block]:
    if not form.backups:
        return
    options = [
        option("The newest that fits", NEWEST),
        *(
            option(each.name, each.name, f"{plain(each.age, 20)} old, at {plain(each.revision, 40)}")
            for each in form.backups[: OPTIONS - 1]
        ),
    ]
    menu = choice_of(options, placeholder="Which one?", initial=NEWEST)
    hint = "For a restore. One that is named comes back with the revision that it is at."
    yield question(Field.BACKUP, "Which backup", menu, optional=True, of=form.service, hint=hint)


def _service(form: RequestForm) -> Block:
    if len(form.services) > MANY_SERVICES:
        by_hand = line_of_text(placeholder=f"One of {len(form.services):,}", initial=form.service, most=60)
        return question(Field.SERVICE, "Service", by_hand, hint="Its name; press Enter.", tells=True)
    options = [option(name, name) for name in form.services]
    if len(options) <= OPTIONS:
        return question(
            Field.SERVICE, "Service", choice_of(options, placeholder="Which one?", initial=form.service), tells=True
        )
    groups = [options[at : at + OPTIONS] for at in range(0, len(options), OPTIONS)]
    menu = choice_in_groups(
        [(f"{group[0]['value']} to {group[-1]['value']}", group) for group in groups], placeholder="Which one?",
        initial=form.service,
    )  # fmt: skip
    return question(Field.SERVICE, "Service", menu, tells=True)


def _answers(form: RequestForm) -> Iterator[Block]:
    if not form.failure:
        return
    if not form.answers:
        yield context(f"🤷 The decision matrix has no answer to “{foreign(form.failure, 150)}”.", name="answers")
        return
    for row in form.answers[:MOST_ANSWERS]:
        more = f" {worded(row.advice, 300)}" if row.advice else ""
        yield section(f"🧭 When “{foreign(row.failure, 120)}”: *{answer_words(row)}*.{more}", name="answers")


def suggested(answers: Sequence[MatrixRow]) -> str | None:
    """The way that the first answer names."""
    first = answers[0] if answers else None
    if first is None or first.runbook is None:
        return None
    return first.runbook if first.runbook in BUILT_IN else f"runbook:{first.runbook}:{first.scope or ALL}"


def _targets(form: RequestForm) -> Iterator[Block]:
    if form.reading:
        yield context("⏳ Reading the revisions …", name="reading")
    elif form.trouble:
        yield context(f"⚠️ The revisions could not be read: {worded(form.trouble, 300)}", name="unread")
    elif choices := [*_revisions(form)]:
        if form.live:
            yield context(f"Now at {code(form.live, 60)}.", name="live")
        menu = choice_of(choices, placeholder="Which revision?", initial=choices[0]["value"])
        yield question(Field.TARGET, "Back to", menu, optional=True, of=form.service)
        left = len(form.revisions) - len(choices)
        if left > 0:
            yield context(f"… ({left:,} older ones: write them below)", name="older")
    label = "Or another revision" if form.revisions and not form.reading and not form.trouble else "Back to"
    yield question(
        Field.OTHER_TARGET, label, line_of_text(placeholder="4f1a, base, -2", most=100),
        hint="A revision, the beginning of its id, a label, base, or -2 for two steps back. Nothing: one step back.",
        optional=True,
    )  # fmt: skip


def _revisions(form: RequestForm) -> Iterator[Block]:
    """An id that could not be typed cannot be chosen either."""
    for steps, each in enumerate(form.revisions[:OPTIONS], start=1):
        if isinstance(read_target(each.id), Refusal):
            continue
        created = f"{plain(each.created, 10)}, " if each.created else ""
        far = f"{created}{steps} step{'' if steps == 1 else 's'} back"
        yield option(f"{each.id[:16]} {plain(each.message, 60) or 'no message'}", f"to:{each.id}", far)


def filled(values: Mapping[str, object]) -> Filled | dict[str, str]:
    """From `view.state.values`; errors by block, as `response_action: errors` takes them. Never raises."""
    errors: dict[str, str] = {}
    service = decode_service(written(values, Field.SERVICE))
    if service is None:
        errors[Field.SERVICE.value] = "Choose a service."
    by_hand = written(values, Field.OTHER_TARGET)
    chosen = (written(values, Field.TARGET) or "").removeprefix("to:")
    target = read_target(tidy(by_hand or chosen)) if by_hand or chosen else "-1"
    if isinstance(target, Refusal):
        errors[(Field.OTHER_TARGET if by_hand else Field.SERVICE).value] = plain(
            f"{target.what} {target.next_step}".replace("`", "")
        )
        target = ""
    strategy = written(values, Field.STRATEGY) or "downgrade"
    if by_runbook := _RUNBOOK.fullmatch(strategy):
        # A part of it instead of a revision.
        strategy, target = by_runbook["name"], by_runbook["part"]
        errors.pop(Field.OTHER_TARGET.value, None)
    elif strategy not in BUILT_IN:
        errors[Field.SERVICE.value] = "Choose one of the ways out."
    backup, backup_block = written(values, Field.BACKUP), block_of(values, Field.BACKUP)
    if backup == NEWEST:
        backup = None
    if backup and not _BACKUP.fullmatch(backup):
        errors[backup_block] = "Choose one of these."
    elif backup and by_runbook is None and strategy != "restore":
        errors[backup_block] = ONLY_A_RESTORE
    reason = sentence(tidy(written(values, Field.REASON) or ""))
    if len(reason) > LONGEST_REASON:
        errors[Field.REASON.value] = f"At most {LONGEST_REASON:,} characters."
    if errors or service is None:
        return errors
    return Filled(
        service=service, target=None if backup and not by_runbook and not by_hand else target, strategy=strategy, reason=reason,
        with_data=ticked(values, Field.WITH_DATA), failure=tidy(written(values, Field.FAILURE) or "")[:500], backup=backup,
        backup_block=backup_block,
    )  # fmt: skip


def errors_of(error: BackoutError) -> dict[str, str]:
    """A refusal beside the field that it is about."""
    return {Field.SERVICE.value: plain(str(error), 400)}
