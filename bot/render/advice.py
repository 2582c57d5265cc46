"""The answer to `/rollback advise "WHAT FAILED"`: what the services' decision matrices say to it."""

from collections.abc import Sequence
from dataclasses import dataclass

from actions.catalog.matrix import MatrixRow
from bot.render.blocks import button, context, header, section
from bot.render.buttons import Button, decode_service
from bot.render.foreign import foreign, plain, worded
from bot.render.message import Block, Message, message

MOST = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class Advised:
    """One row that answers, the best first."""

    service: str
    row: MatrixRow


def advice(failure: str, found: Sequence[Advised]) -> Message:
    if not found:
        text = f"🤷 The decision matrix has no answer to “{foreign(failure, 200)}”."
        return message(
            text,
            section(
                f"{text}\n→ Say it in other words, or ask for the rollback: it shows what each way out would cost, and nothing is changed by asking."
            ),
        )
    first = found[0]
    text = f"🧭 “{foreign(failure, 150)}”: {answer_words(first.row)} ({foreign(first.service, 60)})"
    blocks = [_answer(each) for each in found[:MOST]]
    left = [context(f"… ({len(found) - MOST} more)")] if len(found) > MOST else []
    return message(text, header(f"🧭 {plain(failure, 120)}"), *blocks, *left)


def _answer(each: Advised) -> Block:
    start = button(
        "Take it back…",
        Button.START,
        decode_service(each.service) or "",
        spoken=f"Open the dialog to take {plain(each.service, 40)} back",
    )
    lines = [f"*{foreign(each.service, 60)}*: when “{foreign(each.row.failure, 150)}”, *{answer_words(each.row)}*"]
    if each.row.advice:
        lines.append(worded(each.row.advice, 600))
    return section("\n".join(lines), name="answer", accessory=start if each.row.runbook else None)


def answer_words(row: MatrixRow) -> str:
    """The runbook and scope, with risk and time where the matrix says them."""
    if row.runbook is None:
        return "a person decides"
    scope = f", scope {foreign(row.scope, 60)}" if row.scope else ""
    risk = f", {row.risk} risk" if row.risk else ""
    time = f", takes {foreign(row.duration, 30)}" if row.duration else ""
    return f"{foreign(row.runbook, 60)}{scope}{risk}{time}"
