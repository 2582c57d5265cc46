"""The older release's schema, as its own scripts build it from nothing: a chain of hundreds of revisions takes longer than
everything else, so it goes on beside the rest, on a database of its own.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from threading import Event

from actions.assess.likeness import give_settings
from actions.assess.place import Leg
from actions.assess.rehearsal import Stage
from actions.assess.schema.changes import Change, Changed
from actions.assess.schema.compare import compare_by_name
from actions.assess.schema.naming import Kind
from actions.assess.schema.values import Schema
from actions.downgrade.told import Trouble


@dataclass(frozen=True, kw_only=True, slots=True)
class Built:
    #: None: there is no older release, or the scripts do not build its schema.
    schema: Schema | None = None
    #: Why they do not: what is to be said after "its own scripts".
    unknown: str | None = None


@contextmanager
def built_beside(stage: Stage, revisions: tuple[str, ...]) -> Iterator[Callable[[], Built]]:
    """Begins to build it, and gives what waits for it. Whoever leaves without asking ends it."""
    over = Event()

    def nobody_waits() -> bool:
        return over.is_set() or bool(stage.should_stop and stage.should_stop())

    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="older schema") as thread:
        building = thread.submit(_build, replace(stage, should_stop=nobody_waits, ahead=None), revisions)
        try:
            yield building.result
        finally:
            over.set()


def unlike(built: Built, after: Schema) -> tuple[Change, ...] | None:
    """How it differs from what the downgrade leaves."""
    if built.schema is None:
        return None
    changes = compare_by_name(built.schema, after, access=False)
    return tuple(change for change in changes if _matters(change))


def _build(stage: Stage, revisions: tuple[str, ...]) -> Built:
    """The whole chain, so not for ever."""
    if not revisions:
        return Built()
    with stage.server.database() as fresh:
        give_settings(stage.live_url, fresh)
        told = stage.run(Leg(direction="upgrade", target=revisions, deadline=stage.older_within), fresh)
        if told.trouble is not None:
            return Built(unknown=_why_not(told.trouble))
        return Built(schema=stage.read(fresh))


def _why_not(trouble: Trouble) -> str:
    if trouble.timed_out:
        return "did not build it in time"
    where = f", at {trouble.revision}" if trouble.revision else ""
    return f"do not work on an empty database{where} ({trouble.sqlstate or trouble.error_class})"


def _matters(change: Change) -> bool:
    """A comment on a schema or extension is the server's or somebody's own, not a migration's."""
    if isinstance(change, Changed) and change.kind in (Kind.SCHEMA, Kind.EXTENSION):
        return any(attribute.name != "comment" for attribute in change.attributes)
    return True
