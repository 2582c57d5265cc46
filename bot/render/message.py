"""What is handed to Slack: a message, a view, a file."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.render.buttons import Dialog
from bot.render.limits import MESSAGE_TEXT, METADATA, cut, fit_message, fit_view

#: One block of Block Kit, as JSON.
Block = dict[str, Any]
#: A modal or a Home tab, as JSON.
View = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """`text` alone carries the verdict: notifications and screen readers have nothing else."""

    text: str
    blocks: tuple[Block, ...]

    @property
    def payload(self) -> Mapping[str, Any]:
        """As chat.postMessage and chat.update take it."""
        return {"text": self.text, "blocks": list(self.blocks)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Attachment:
    """What is too long for a message or a view."""

    filename: str
    title: str
    content: str


def message(text: str, *blocks: Block) -> Message:
    """Made to fit."""
    return Message(text=cut(text, MESSAGE_TEXT), blocks=fit_message(blocks))


def modal(
    dialog: Dialog, title: str, *blocks: Block, metadata: str = "", submit: str | None = None, close: str = "Close"
) -> View:  # fmt: skip
    view: View = {
        "type": "modal", "callback_id": dialog.value, "title": {"type": "plain_text", "text": title},
        "close": {"type": "plain_text", "text": close}, "private_metadata": metadata[:METADATA], "blocks": list(blocks),
    }  # fmt: skip
    if submit is not None:
        view["submit"] = {"type": "plain_text", "text": submit}
    return fit_view(view)
