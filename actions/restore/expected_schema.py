"""The schema that a stored backup makes: its own statements, and what PostgreSQL says after they were run once."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from psycopg import sql

from actions.backup.pipes import ending
from actions.backup.progress import unwatched
from actions.backup.scratch import ScratchServer
from actions.restore.extensions import prepare_extensions
from actions.restore.filling import FillOrder, target_of
from actions.restore.plain_script import feed_psql, script_of, scripted_schema
from actions.restore.sections import archived_schema, dumped_schema, restore_section

_NO_SEARCH_PATH = "SELECT pg_catalog.set_config('search_path', '', false)"


def stored_statements(filling: FillOrder, archive: Path | None, *, codec: str) -> tuple[str, ...]:
    """Of the archive where there is one, else of the plain script."""
    if archive is not None:
        return archived_schema(archive, filling.programs, codec=codec, limits=filling.limits)
    text = script_of(filling.manifest, filling.store, filling.keys)
    with ending(text):
        return scripted_schema(filling.limits.within(text), codec=codec)


def remade_schema(
    server: ScratchServer, make: Callable[[str], sql.Composed], filling: FillOrder, archive: Path | None,
    statements: tuple[str, ...], *, codec: str,
) -> tuple[str, ...]:  # fmt: skip
    """The schema alone, once more into an empty database: PostgreSQL does not always write the same words twice."""
    limits = filling.limits
    with server.database(making=make) as again:
        prepare_extensions(again.url, filling.manifest)
        target = target_of(replace(filling, url=again.url, watch=unwatched))
        if archive is not None:
            restore_section(archive, "pre-data", target, limits=limits)
            restore_section(archive, "post-data", target, limits=limits)
        else:
            script = "".join(f"{statement};\n" for statement in (_NO_SEARCH_PATH, *statements))
            feed_psql(target, [script.encode(codec, errors="surrogateescape")], limits=limits)
        encoding = filling.manifest.database.encoding
        return dumped_schema(again.url, filling.programs, encoding=encoding, codec=codec, limits=limits)
