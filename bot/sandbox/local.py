"""One local Slack: its parts, put together."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.sandbox import ids
from bot.sandbox.clock import Clock
from bot.sandbox.delivery.courier import Courier
from bot.sandbox.delivery.requests import Requests
from bot.sandbox.delivery.sockets import Sockets
from bot.sandbox.interactions.response_urls import ResponseUrls
from bot.sandbox.interactions.triggers import Triggers
from bot.sandbox.knobs import Knobs
from bot.sandbox.manifest import Manifest
from bot.sandbox.model.workspace import Workspace
from bot.sandbox.rates import Rates
from bot.sandbox.seed import Seed
from bot.sandbox.traffic import Traffic


@dataclass(frozen=True, kw_only=True)
class Credentials:
    bot_token: str
    app_token: str
    signing_secret: str
    #: In every payload; Slack itself calls it deprecated.
    verification_token: str


class LocalSlack:
    """Lives in one event loop; everything in it is touched from there alone."""

    def __init__(self, seed: Seed, manifest: Manifest) -> None:
        self.clock = Clock()
        self.manifest = manifest
        self.scopes = set(manifest.scopes)
        self.workspace = Workspace(seed, manifest, self.clock)
        self.credentials = Credentials(
            bot_token=f"xoxb-sandbox-{ids.secret(32)}",
            app_token=f"xapp-1-{self.workspace.app_id}-{ids.secret(32)}",
            signing_secret=ids.secret(32),
            verification_token=ids.secret(24),
        )
        kept = self.credentials
        self.traffic = Traffic(
            self.clock.now, (kept.bot_token, kept.app_token, kept.signing_secret, kept.verification_token)
        )
        self.knobs = Knobs(clock=self.clock)
        self.rates = Rates(self.knobs)
        self.sockets = Sockets(self.workspace.app_id, self.clock, self.traffic, self.tell_app)
        self.requests = Requests(kept.signing_secret, self.clock, self.traffic)
        self.courier = Courier(self.sockets, self.requests, self.knobs, self.clock)
        self.triggers = Triggers(self.clock)
        self.response_urls = ResponseUrls(self.clock)
        #: Where the Slack side listens; set when it does.
        self.slack_address = ""
        #: Looks whether the Slack side is to be away; set by whoever runs it.
        self.on_away: Callable[[], Awaitable[None]] | None = None

    def app_seen(self) -> dict[str, object]:
        space, manifest = self.workspace, self.manifest
        return {
            "id": space.app_id, "name": manifest.name, "bot_id": space.bot_id, "user_id": space.bot.id,
            "home_tab": manifest.home_tab, "messages_tab": manifest.messages_tab,
            "messages_read_only": manifest.messages_read_only,
            "commands": [
                {"command": each.command, "description": each.description, "usage_hint": each.usage_hint}
                for each in manifest.commands
            ],
            "mode": self.courier.mode, "connected": self.courier.connected,
        }  # fmt: skip

    def tell_app(self) -> None:
        self._tell_everybody("app", {"app": self.app_seen()})

    def tell_knobs(self) -> None:
        self._tell_everybody("knobs", {"knobs": self.knobs.seen()})

    def tell_clock(self) -> None:
        self._tell_everybody("clock", {"now": self.clock.now()})

    def _tell_everybody(self, kind: str, data: dict[str, object]) -> None:
        for person in self.workspace.humans():
            self.workspace.journal.tell(person.id, kind, data)
