"""Picks real parts and hands them to the verbs; nobody else does, but `serving.py` for the parts of `serve`."""

import getpass
import logging
import os
import pwd
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from actions.errors import BackoutError, ConfigurationError, RefusedError, UnavailableError

if TYPE_CHECKING:  # each part is loaded when it is used: `--help` must be instant
    from actions.approve.people import Identity
    from actions.assess.data_rehearsal import BackupCopies
    from actions.assess.known import Known
    from actions.assess.result import Assessment
    from actions.backup.store import Store
    from actions.catalog import Catalog, Service
    from actions.catalog.watched import WatchedCatalog
    from actions.history.database import History
    from actions.readiness.answers import Answer
    from actions.readiness.service import Surroundings
    from actions.restore.cloning_one import Cloned
    from actions.restore.copy_of_backup import CopyOfBackup
    from actions.restore.listing import Listing
    from actions.restore.premises import Premises
    from actions.run.crewing import Sites
    from bot.desk import Desk
    from bot.directory import SlackDirectory
    from bot.settings import Settings

log = logging.getLogger(__name__)


def login_name(environ: Mapping[str, str]) -> str:
    """Who sits there: the person behind `sudo`, else the process's own user."""
    behind = environ.get("SUDO_USER")
    if behind and os.geteuid() == 0:
        return behind
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return f"uid {os.geteuid()}"


def _in_an_emergency(error: BackoutError) -> BackoutError:
    way = "In an emergency `backup`, `restore` and `backups --check` go on with `--without-history`."
    return type(error)(error.what, where=error.where, next_step=f"{error.next_step or ''}\n{way}".strip())


@dataclass(frozen=True, kw_only=True)
class Wiring:
    """What a verb may ask for. Nothing is opened before it is asked for: `--help` must be instant."""

    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)

    def __reduce__(self) -> "tuple[Callable[[], Wiring], tuple[()]]":
        """Another process reads for itself what we have read."""
        return partial(Wiring, environ=self.environ), ()

    @cached_property
    def settings(self) -> "Settings":
        from bot.settings import read_settings

        return read_settings(self.environ)

    @property
    def catalog(self) -> "Catalog":
        """As its files are now; a change that cannot be used is none."""
        return self.watched.now()

    @cached_property
    def watched(self) -> "WatchedCatalog":
        from actions.catalog.watched import WatchedCatalog

        if not self.settings.catalog.exists():
            raise ConfigurationError(
                f"There is no catalog at {self.settings.catalog}",
                next_step="Set BACKOUT_CATALOG to a YAML file or a folder of them; docs/start.md shows a first one.",
            )
        return WatchedCatalog(self.settings.catalog, self.environ)

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

    @contextmanager
    def backups_of(self, service: str, *, without_history: bool = False) -> "Iterator[Premises]":
        """What all work on a service's backups needs. First, those whose maker died are called what they are."""
        from actions.restore.standing_in import bring_over, standing_in
        from actions.restore.sweeping import sweep

        entry = self.catalog.service(service)
        with ExitStack() as stack:
            away = None
            try:
                history = stack.enter_context(self.history())
            except BackoutError as error:
                if not without_history:
                    raise _in_an_emergency(error) from error
                away = error.what
                history = stack.enter_context(standing_in(self.settings.home))
            else:
                if without_history:
                    raise RefusedError("The history answers", next_step="Leave `--without-history` out.")
                bring_over(self.settings.home, history, self.stores_of, actor=self.person())
            around = replace(self._premises(history, entry), without_history=away)
            sweep(history, self.stores_of, actor=around.actor)
            yield around

    def listings(self, service: str | None) -> "tuple[tuple[Listing, ...], BackoutError | None]":
        """What there is of one service or of all. When the history is away: what the stores tell, and that trouble."""
        from actions.restore.cloning_one import list_of
        from actions.restore.kept_ones import kept_of
        from actions.restore.standing_in import bring_over
        from actions.restore.sweeping import sweep

        entries = [self.catalog.service(service)] if service else list(self.catalog.services.values())
        chosen = [each for each in entries if each.database is not None or service]
        with ExitStack() as stack:
            try:
                history = stack.enter_context(self.history())
            except (UnavailableError, ConfigurationError) as error:
                # Also a server that was made anew, and has no such database or role yet.
                return self._in_the_stores(chosen), error
            try:
                bring_over(self.settings.home, history, self.stores_of, actor=self.person())
                sweep(history, self.stores_of, actor=self.person())
                all_of_it = [self._premises(history, each) for each in chosen]
                return tuple(replace(list_of(each), kept=kept_of(each)) for each in all_of_it), None
            except UnavailableError as error:
                return self._in_the_stores(chosen), error

    def _in_the_stores(self, services: "Sequence[Service]") -> "tuple[Listing, ...]":
        from actions.backup.stores import chosen_stores
        from actions.restore.listing import list_all

        stores = [chosen_stores(each, self.environ, self.settings.home / "backups") for each in services]
        return tuple(list_all(None, each.name, shelf) for each, shelf in zip(services, stores, strict=True))

    def _premises(self, history: "History", entry: "Service") -> "Premises":
        from actions.restore.premises import premises_of

        return premises_of(history, entry, self.environ, home=self.settings.home, actor=self.person())

    def clone(self, service: str, *, end_sessions: bool) -> "Cloned":
        from actions.backup.cloning import Guests
        from actions.restore.cloning_one import CloneWanted, clone_it

        with self.backups_of(service) as premises:
            guests = Guests.WAIT if end_sessions else Guests.NAMED
            return clone_it(premises, CloneWanted(guests=guests))

    def stores_of(self, service: str) -> "Sequence[Store]":
        """None for a service that the catalog does not have (any more), or whose stores lack a variable."""
        from actions.backup.stores import chosen_stores

        with suppress(BackoutError):
            return chosen_stores(self.catalog.service(service), self.environ, self.settings.home / "backups")
        return ()

    @staticmethod
    def person() -> str:
        """Who is at this terminal, for the record."""
        try:
            return f"cli:{getpass.getuser()}"
        except (KeyError, OSError):  # a container's user without a name
            return f"cli:{os.getuid()}"

    def directory(self) -> "SlackDirectory | None":
        """Slack's people and groups; None while Slack is not configured."""
        from bot.directory import SlackDirectory
        from bot.slack_api import Slack

        return SlackDirectory(Slack(self.settings)) if self.settings.slack_bot_token else None

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

    def sites(self, history: "History") -> "Sites":
        """Every service of the catalog, as a run needs it."""
        from actions.run.crewing import Sites

        return Sites(
            services=self.watched.service,
            environ=self.environ,
            history=history,
            home=self.settings.home,
        )

    @cached_property
    def me(self) -> "Identity":
        """Whoever sits at this terminal: their login name, to which the catalog gives roles."""
        from actions.approve.people import Identity

        return Identity(id=login_name(self.environ), where="terminal")

    def desk(self, history: "History") -> "Desk":
        """Where what is said at this terminal comes in."""
        from bot.desk import Desk

        return Desk(history=history, catalog=self.catalog, environ=self.environ)

    @contextmanager
    def _told_by_the_history(self, service: "Service") -> "Iterator[tuple[Known, BackupCopies]]":
        from actions.assess.seen_before import known_about
        from actions.restore.copy_of_backup import copy_of_backup

        with self.history() as history:
            known = known_about(history, service, self.environ)
            yield known, partial(copy_of_backup, self._premises(history, service))

    def assess(self, service: str, target: str, *, with_data: bool, backup: str | None = None) -> "Assessment":
        """What happens if this service goes back? What can begin meanwhile, does: most of this takes its time elsewhere."""
        from actions.assess.head_start import head_start
        from bot.beside import opened_meanwhile

        entry = self.catalog.service(service)
        with ExitStack() as stack:
            ahead = stack.enter_context(head_start(entry, self.environ))
            from actions.assess.assessment import Question, Surroundings, assess

            told = stack.enter_context(opened_meanwhile(self._told_by_the_history(entry)))

            def copies(*wanted: Any) -> "AbstractContextManager[CopyOfBackup]":
                return told.result()[1](*wanted)

            around = Surroundings(
                environ=self.environ, now=datetime.now(UTC), home=self.settings.home,
                known=lambda: told.result()[0], backup_copies=copies, ahead=ahead,
                should_stop=lambda: told.done() and told.exception() is not None,
            )  # fmt: skip
            try:
                return assess(Question(service=entry, target=target, with_data=with_data, backup=backup), around)
            except BackoutError:
                if told.done():
                    told.result()  # without a history it was stopped, and that is why
                raise

    def slack_answer(self) -> "Answer":
        """Is Slack configured, completely, and does the token work?"""
        from bot.directory import ask_slack

        return ask_slack(self.settings)
