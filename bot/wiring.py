"""The only file that picks real parts and hands them to the verbs."""

import logging
import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from actions.errors import BackoutError, ConfigurationError
from bot.settings import Settings, read_settings

if TYPE_CHECKING:  # each part is loaded when it is used: `--help` must be instant
    from actions.assess.result import Assessment
    from actions.catalog import Catalog, Service
    from actions.history.database import History
    from actions.readiness.answers import Answer
    from actions.readiness.service import Surroundings
    from bot.directory import SlackDirectory

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Wiring:
    """What a verb may ask for. Nothing is opened before it is asked for: `--help` must be instant."""

    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)

    @cached_property
    def settings(self) -> Settings:
        return read_settings(self.environ)

    @cached_property
    def catalog(self) -> "Catalog":
        from actions.catalog import load_catalog

        if not self.settings.catalog.exists():
            raise ConfigurationError(
                f"There is no catalog at {self.settings.catalog}",
                next_step="Set BACKOUT_CATALOG to a YAML file or a folder of them; docs/start.md shows a first one.",
            )
        return load_catalog(self.settings.catalog, self.environ)

    @contextmanager
    def history_url(self) -> Iterator[str]:
        """Our own database: the one given, else the embedded one for as long as it is used."""
        if self.settings.database_url:
            yield self.settings.database_url.get_secret_value()
            return
        from actions.embedded import EmbeddedPostgres

        with EmbeddedPostgres(self.settings.home / "postgres") as server:
            yield server.url()

    @contextmanager
    def history(self) -> "Iterator[History]":
        from actions.history.database import open_history

        with self.history_url() as url, open_history(url) as history:
            yield history

    def directory(self) -> "SlackDirectory | None":
        """Slack's people and groups; None while Slack is not configured."""
        from bot.directory import SlackDirectory

        return SlackDirectory(self.settings) if self.settings.slack_bot_token else None

    def surroundings(self) -> "Surroundings":
        from actions.readiness.service import Surroundings

        return Surroundings(
            environ=self.environ, default_store=self.settings.home / "backups", directory=self.directory()
        )

    def note_sightings(self, services: "Iterable[Service]") -> None:
        """Notes which revision is live on each service; one that cannot be asked was reported where it was asked."""
        from actions.assess.seen_before import note_live_revision

        with suppress(BackoutError), self.history() as history:
            for service in services:
                with suppress(BackoutError):
                    note_live_revision(history, service, self.environ, source="check")

    def work(self, stopping: threading.Event) -> None:
        """The background work, until we are stopping; while the history is away it waits."""
        from actions.assess.lookout import TASK, Lookout, sightings
        from actions.history.database import open_history
        from actions.history.queue import queue_app
        from actions.history.tidying import tidying
        from actions.history.worker import keep_working, run_worker

        lookout = Lookout(self.catalog.services.values(), self.environ, stopping)

        def work() -> None:
            # All of it anew each time: an embedded server that died is started again here.
            with self.history_url() as url, open_history(url) as history:
                log.info("Ready, with the %s", history.where, extra={"event": "serve_ready"})
                app = queue_app(url, sightings(lookout, history), tidying(TASK))
                run_worker(app, stopping, where=history.where, at_start=[TASK])

        keep_working(work, stopping)

    def assess(self, service: str, target: str, *, with_data: bool) -> "Assessment":
        """What happens if this service goes back? With what the history knows about it."""
        from actions.assess.assessment import Question, Surroundings, assess
        from actions.assess.seen_before import known_about

        with self.history() as history:
            entry = self.catalog.service(service)
            known = known_about(history, entry, self.environ)
            around = Surroundings(
                environ=self.environ, now=datetime.now(UTC), home=self.settings.home, arrival=known.arrival,
                counters=known.counters, backups=known.backups,
            )  # fmt: skip
            return assess(Question(service=entry, target=target, with_data=with_data), around)

    def slack_answer(self) -> "Answer":
        """Is Slack configured, completely, and does the token work?"""
        from bot.directory import ask_slack

        return ask_slack(self.settings)
