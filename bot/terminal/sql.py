"""The SQL of a downgrade, as Alembic prints it offline."""

from collections.abc import Iterator

from actions.assess.seen import ScriptPath


def sql_of(path: ScriptPath) -> str:
    return "\n".join(_parts(path)) if path.revisions else "-- There is nothing to go back over."


def _parts(path: ScriptPath) -> Iterator[str]:
    for step in path.revisions:
        yield f"-- downgrade of {step.id}"
        side = step.downgrade
        if side.sql is None:
            why = side.sql_error.message if side.sql_error else "it looks at the database first"
            yield f"-- cannot be printed without a database: {why}"
        else:
            yield side.sql.strip() or "-- (nothing)"
        yield ""
