"""What the history keeps of a manifest: enough to answer when every store is away."""

from collections.abc import Mapping

from actions.backup.manifest import Manifest
from actions.history.canonical import JsonObject


def summary(manifest: Manifest) -> JsonObject:
    return {
        "rows": manifest.rows,
        "tables": {f"{table.schema_name}.{table.name}": table.rows for table in manifest.tables},
        "database_bytes": manifest.database_bytes,
        "taken_at": manifest.taken_at.isoformat(),
        "seconds": manifest.seconds,
        "form": manifest.form,
        "server_version": manifest.server_version,
        "extensions": {each.name: each.version for each in manifest.extensions},
        "encrypted": manifest.encrypted_for is not None,
    }


def rows_by_table(summarised: JsonObject | None) -> Mapping[str, int]:
    """The reverse, as far as rows go."""
    tables = (summarised or {}).get("tables")
    found = tables.items() if isinstance(tables, dict) else ()
    return {name: rows for name, rows in found if isinstance(rows, int)}
