"""Modals and Home: what an app opened for somebody, and the stack that it is on."""

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
#: A modal holds at most so many views, one upon the other.
DEEPEST = 3
FIELDS = ("title", "submit", "close", "private_metadata", "callback_id", "external_id", "notify_on_close", "clear_on_close",
          "submit_disabled")  # fmt: skip


@dataclass(kw_only=True)
class View:
    id: str
    owner: str
    type: str
    definition: Json
    blocks: list[Json]
    hash: str
    root_id: str
    previous_id: str | None = None
    #: What its inputs held when they were last told: block, element.
    values: dict[str, Json] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def external_id(self) -> str:
        return str(self.definition.get("external_id") or "")

    @property
    def notifies_on_close(self) -> bool:
        return bool(self.definition.get("notify_on_close"))

    def as_slack(self, *, team: str, app: str, bot: str) -> Json:
        plain = self.definition
        return {
            "id": self.id, "team_id": team, "type": self.type, "blocks": self.blocks,
            "private_metadata": plain.get("private_metadata") or "", "callback_id": plain.get("callback_id") or "",
            "state": {"values": self.values}, "hash": self.hash, "title": plain.get("title"),
            "clear_on_close": bool(plain.get("clear_on_close")), "notify_on_close": self.notifies_on_close,
            "close": plain.get("close"), "submit": plain.get("submit"), "previous_view_id": self.previous_id,
            "root_view_id": self.root_id, "app_id": app, "external_id": self.external_id,
            "app_installed_team_id": team, "bot_id": bot,
        }  # fmt: skip

    def as_seen(self, *, team: str, app: str, bot: str) -> Json:
        return {**self.as_slack(team=team, app=app, bot=bot), "errors": self.errors}
