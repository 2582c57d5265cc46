"""The dialog for a new rollback. It opens as a loading view at once, for a trigger lives three seconds."""

from collections.abc import Mapping
from dataclasses import dataclass

from actions.catalog.matrix import MatrixRow
from actions.errors import BackoutError
from bot.render.blocks import choice_of, line_of_text, lines_of_text, option, question, section
from bot.render.buttons import Dialog, Field, Origin
from bot.render.foreign import plain
from bot.render.message import View, modal
from bot.render.modals.answers import ticked, written


@dataclass(frozen=True, kw_only=True, slots=True)
class RevisionChoice:
    """A revision that one could go back to, the nearest first."""

    id: str
    message: str
    #: As its script says.
    created: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestForm:
    services: tuple[str, ...]
    origin: Origin
    service: str | None = None
    #: Where the service is now.
    live: str | None = None
    revisions: tuple[RevisionChoice, ...] = ()
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
    target: str
    strategy: str
    reason: str
    with_data: bool
    failure: str


def loading(what: str) -> View:
    """In place of any view that needs a moment."""
    return modal(Dialog.LOADING, "Backout", section(f"{plain(what)} …"))


def request_dialog(form: RequestForm) -> View:
    options = [option(name, name) for name in form.services]
    return modal(
        Dialog.REQUEST, "Take a service back",
        question(Field.SERVICE, "Service", choice_of(options, placeholder="Which?", initial=form.service), tells=True),
        question(Field.OTHER_TARGET, "Back to", line_of_text(placeholder="-1"), optional=True),
        question(Field.REASON, "Why", lines_of_text(initial=form.reason), optional=True),
        metadata=form.origin.encode(), submit="Assess",
    )  # fmt: skip


def filled(values: Mapping[str, object]) -> Filled | dict[str, str]:
    """From `view.state.values`; errors by block, as `response_action: errors` takes them. Never raises."""
    service = written(values, Field.SERVICE)
    if service is None:
        return {Field.SERVICE.value: "Choose a service."}
    return Filled(
        service=service, target=written(values, Field.OTHER_TARGET) or written(values, Field.TARGET) or "-1",
        strategy=written(values, Field.STRATEGY) or "downgrade", reason=written(values, Field.REASON) or "",
        with_data=ticked(values, Field.WITH_DATA), failure=written(values, Field.FAILURE) or "",
    )  # fmt: skip


def errors_of(error: BackoutError) -> dict[str, str]:
    """A refusal beside the field that it is about."""
    return {Field.SERVICE.value: plain(str(error))}
