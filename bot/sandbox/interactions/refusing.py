"""When somebody does what cannot be done here, or the app did not answer."""

from typing import Any

from bot.sandbox.delivery.letters import SENTENCES, Unanswered


class NotPossible(Exception):  # noqa: N818 because it is an answer to whoever acts
    """A code for the page, a sentence for people."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status

    def told(self) -> dict[str, Any]:
        return {"ok": False, "error": self.code, "message": self.message}


def unanswered(outcome: Unanswered) -> dict[str, Any]:
    return {"ok": False, "error": outcome.error, "message": SENTENCES[outcome.error]}
