"""Where everything comes in that people ask of a rollback, whether they sit at a terminal or in Slack.

Who they are is known by then; what they may is read here, anew for each decision.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import Connection

from actions.approve.people import Directory, Identity, roles_of
from actions.approve.voices import Outcome
from actions.assess.decide.facts import StrategyName
from actions.catalog.catalog import Catalog
from actions.catalog.service import Service
from actions.errors import RefusedError
from actions.history.announcements import note_asked_in
from actions.history.database import History
from actions.history.queries import show
from actions.history.rollbacks import Opened, RollbackRequest, open_rollback
from actions.history.values import Rollback, RollbackId
from actions.history.wishes import want_backup, want_data
from actions.run.answering import Speaker, Vote, Way, look_after_halt, stop, vote
from actions.run.asking_again import by_another_way, note_turned_away, rehearse_with_data
from actions.run.choosing import choose
from actions.run.offering import Choice
from actions.run.runbooks.tickable import Tickable
from actions.run.runbooks.ticks import tick


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What somebody asks for."""

    service: str
    #: Names the request: delivered twice, it is one rollback.
    key: str
    target: str = "-1"
    reason: str = ""
    #: One of the built-in strategies, or the name of a runbook of the service; then `target` says which part of it.
    strategy: str = StrategyName.DOWNGRADE.value
    with_data: bool = False
    #: Which one is restored, where it is not to be the newest that fits.
    backup: str | None = None
    #: Where it was asked for, if that is a place where people can be told.
    place: str | None = None


@dataclass(frozen=True, kw_only=True)
class Desk:
    history: History
    catalog: Catalog
    environ: Mapping[str, str] = field(repr=False)
    #: Who knows the people; None at a terminal.
    directory: Directory | None = None

    def request(self, who: Identity, asked: Asked) -> Opened:
        """Opens it; the workers assess it. Names the open one when the service has one."""
        entry = self.catalog.service(asked.service)
        request = RollbackRequest(
            request_key=asked.key, service=entry.name, environment=entry.environment.value, requester=str(who),
            target=asked.target, reason=asked.reason, runbook=asked.strategy,
        )  # fmt: skip

        def wishes(connection: Connection, rollback: RollbackId) -> None:
            if asked.with_data:
                want_data(connection, rollback, actor=str(who))
            if asked.backup:
                want_backup(connection, rollback, asked.backup, actor=str(who))

        opened = open_rollback(self.history, request, wishes=wishes)
        if asked.place and opened.existing_because != "service":
            with self.history.writing() as connection:
                note_asked_in(connection, opened.rollback.id, asked.place)
        return opened

    def vote(self, who: Identity, rollback: RollbackId, said: Vote) -> Outcome:
        service = self.service_of(rollback)
        return vote(self.history, service, rollback, self._speaker(who, service), said)

    def stop(self, who: Identity, rollback: RollbackId) -> Rollback:
        with self._noting(who, rollback, "stop it"):
            return stop(self.history, rollback, self._speaker(who, self.service_of(rollback)))

    def choose(self, who: Identity, rollback: RollbackId, choice: Choice) -> Rollback:
        """After a failure behind the point of no return."""
        service = self.service_of(rollback)
        with self._noting(who, rollback, f"choose {choice}"):
            return choose(self.history, service, rollback, self._speaker(who, service), choice)

    def look(self, who: Identity, rollback: RollbackId, way: Way, *, seen: str) -> Rollback:
        """After a halt: somebody looked."""
        with self._noting(who, rollback, "resume it"):
            speaker = self._speaker(who, self.service_of(rollback))
            return look_after_halt(self.history, rollback, speaker, way, seen=seen)

    def rehearse_with_data(self, who: Identity, rollback: RollbackId, *, digest: str | None) -> Rollback:
        with self._noting(who, rollback, "have it rehearsed with the data"):
            speaker = self._speaker(who, self.service_of(rollback))
            return rehearse_with_data(self.history, rollback, speaker, digest=digest)

    def by_another_way(
        self, who: Identity, rollback: RollbackId, strategy: StrategyName, *, digest: str | None
    ) -> Rollback:
        with self._noting(who, rollback, f"choose {strategy}"):
            speaker = self._speaker(who, self.service_of(rollback))
            return by_another_way(self.history, rollback, speaker, strategy, digest=digest)

    def tick(
        self, who: Identity, rollback: RollbackId, steps: Sequence[str], *, holds: bool = True, said: str = ""
    ) -> tuple[Tickable, ...]:
        """What only a person can see or do, in a runbook; returns what is left."""
        with self._noting(who, rollback, "tick it off"):
            speaker = self._speaker(who, self.service_of(rollback))
            return tick(self.history, rollback, speaker, steps, holds=holds, said=said)

    def service_of(self, rollback: RollbackId) -> Service:
        return self.catalog.service(show(self.history, rollback, page=1).rollback.service)

    def _speaker(self, who: Identity, service: Service) -> Speaker:
        return Speaker(identity=who, roles=roles_of(who, service, self.directory))

    @contextmanager
    def _noting(self, who: Identity, rollback: RollbackId, what: str) -> Iterator[None]:
        """What is refused is written down, as a voice that does not count is."""
        try:
            yield
        except RefusedError as error:
            note_turned_away(self.history, rollback, str(who), what, error.what)
            raise
