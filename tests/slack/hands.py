"""People at their Slack: what they type and press, as Slack would put it, handed to the app."""

import json
import secrets
from dataclasses import dataclass
from typing import Any

from slack_bolt import App, BoltRequest

from bot.presence import Presence
from tests.serve.conftest import eventually
from tests.slack.plain_slack import PlainSlack

CHANNEL = "C0INCIDENTS"


@dataclass
class Hands:
    app: App
    presence: Presence
    slack: PlainSlack

    def type(self, text: str, *, user: str = "U0RITA", **more: Any) -> dict[str, Any]:
        body = {
            "command": "/rollback", "text": text, "team_id": "T0ACME", "user_id": user, "channel_id": CHANNEL,
            "trigger_id": secrets.token_hex(8), "response_url": f"http://127.0.0.1:{self.slack.port}/answer", **more,
        }  # fmt: skip
        return self.deliver(body)

    def press(self, button: str, value: object, *, user: str = "U0ANA", **more: Any) -> dict[str, Any]:
        body = {
            "type": "block_actions", "user": {"id": user, "team_id": "T0ACME"}, "team": {"id": "T0ACME"},
            "channel": {"id": CHANNEL}, "container": {"type": "message", "channel_id": CHANNEL},
            "trigger_id": secrets.token_hex(8), "response_url": f"http://127.0.0.1:{self.slack.port}/answer",
            "actions": [{"type": "button", "action_id": button, "block_id": "b", "value": value}], **more,
        }  # fmt: skip
        return self.deliver(body)

    def submit(self, view: dict[str, Any], values: dict[str, str], *, user: str = "U0ANA") -> Any:
        """Each value under the name of its field, or of its block: the field and what its options depend on."""
        given = {"type": "plain_text_input"}
        state = {
            "values": {name: {name.partition(":")[0]: {**given, "value": value}} for name, value in values.items()}
        }
        body = {
            "type": "view_submission", "user": {"id": user, "team_id": "T0ACME"}, "team": {"id": "T0ACME"},
            "trigger_id": secrets.token_hex(8), "view": {"id": "V1", "hash": "h", **view, "state": state},
        }  # fmt: skip
        return self.deliver(body)

    def open_home(self, *, user: str = "U0ANA") -> None:
        event = {"type": "app_home_opened", "user": user, "channel": "D1", "tab": "home"}
        self.deliver({"type": "event_callback", "team_id": "T0ACME", "event_id": secrets.token_hex(6), "event": event})

    def deliver(self, body: dict[str, Any]) -> Any:
        """As a socket brings it; the acknowledgement's body comes back."""
        response = self.app.dispatch(BoltRequest(mode="socket_mode", body=body))
        assert response.status == 200, (response.status, response.body)
        return {**body, "acknowledged": json.loads(response.body) if response.body else None}

    def answer(self, number: int = 1) -> str:
        """The text of the newest answer, when there are so many."""
        eventually(lambda: len(self.slack.answers) >= number)
        return str(self.slack.answers[-1]["text"])

    def said(self, words: str) -> dict[str, Any]:
        """An answer with these words in it, wherever it was said."""

        def find() -> dict[str, Any] | None:
            given = [*self.slack.answers, *self.slack.made("chat.postEphemeral"), *self.slack.messages]
            return next((each for each in given if words.lower() in json.dumps(each, ensure_ascii=False).lower()), None)

        found: dict[str, Any] = eventually(find)
        return found
