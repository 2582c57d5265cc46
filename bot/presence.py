"""What one process of the bot has in its hands: the way to Slack, the catalog, and the history while it is there."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from actions.catalog.catalog import Catalog
from actions.catalog.service import Service
from actions.errors import UnavailableError
from actions.history.database import History
from actions.restore.premises import Premises, premises_of
from bot.advising import answers
from bot.desk import Desk
from bot.directory import RecentDirectory, SlackDirectory
from bot.render.advice import Advised
from bot.settings import Settings
from bot.slack_api import Slack
from bot.visitors import Door, Workspace

#: A listener has three seconds; a history that is just being opened again is there sooner.
BRIEFLY_SECONDS = 1.5


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where things of the product are found, for those who look into them."""

    environ: Mapping[str, str] = field(repr=False)
    home: Path


class Presence:
    """Shared by all listeners of a process, and by whoever tells people what happens."""

    def __init__(self, settings: Settings, catalog: Callable[[], Catalog], environ: Mapping[str, str]) -> None:
        self.settings = settings
        self._catalog = catalog
        self.places = Places(environ=environ, home=settings.home)
        self.slack = Slack(settings)
        self.directory = SlackDirectory(self.slack)
        self.people = RecentDirectory(self.directory)
        #: Something happened that people are to see soon.
        self.nudged = threading.Event()
        #: The process is to end.
        self.stopping = threading.Event()
        self._history: History | None = None
        self._has_history = threading.Event()
        self._workspace: Workspace | None = None

    @property
    def catalog(self) -> Catalog:
        """As its files are now."""
        return self._catalog()

    def glance(self) -> None:
        """A change of the catalog is seen when it is looked at twice: somebody has to look now and then."""
        self._catalog()

    @contextmanager
    def with_history(self, history: History) -> Iterator[None]:
        """For as long as it is there."""
        self._history = history
        self._has_history.set()
        try:
            yield
        finally:
            self._has_history.clear()
            self._history = None

    def meet(self) -> Workspace:
        """Whose token it is. Raises what Slack says."""
        found = self.slack.call("auth.test")
        self._workspace = Workspace(
            team=str(found.get("team_id", "")), bot_id=str(found.get("bot_id", "")),
            bot_user=str(found.get("user_id", "")), name=str(found.get("team", "")),
        )  # fmt: skip
        return self._workspace

    @property
    def workspace(self) -> Workspace:
        if self._workspace is None:
            raise UnavailableError("The bot does not know its workspace yet", next_step="Try again in a moment.")
        return self._workspace

    @property
    def door(self) -> Door:
        return Door(settings=self.settings, workspace=self.workspace, people=self.people)

    @property
    def desk(self) -> Desk:
        """UnavailableError while the history is away, for longer than somebody in Slack would notice."""
        self._has_history.wait(BRIEFLY_SECONDS)
        if (history := self._history) is None:
            raise UnavailableError(
                "Backout's history database does not answer at the moment; what runs waits for it",
                next_step="Try again in a minute. Nothing was changed.",
            )
        return Desk(history=history, catalog=self.catalog, environ=self.places.environ, directory=self.directory)

    def wait_for_history(self, seconds: float) -> bool:
        return self._has_history.wait(seconds)

    @property
    def has_history(self) -> bool:
        return self._history is not None

    @property
    def has_met(self) -> bool:
        return self._workspace is not None

    def premises(self, service: Service) -> Premises:
        """What work on a service's backups needs."""
        return premises_of(
            self.desk.history,
            service,
            self.places.environ,
            home=self.places.home,
            actor=f"slack:{self.workspace.bot_user}",
        )

    def advise(self, failure: str, service: str | None) -> tuple[Advised, ...]:
        """What the decision matrices say to it."""
        return answers(self.catalog, failure, service)

    def nudge(self) -> None:
        self.nudged.set()
