"""Takes everything out of a database that a backup will bring back: in the caller's transaction, so that it can be undone.

What belongs to an extension stays, and so do the extensions: most roles may not make them again.
"""

import psycopg
from psycopg import sql

from actions.backup.configuration import clear_configuration

#: By the catalogs of what people make; `pg_identify_object` knows what each is called and how it is spelled.
_CATALOGS = (
    "pg_event_trigger", "pg_publication", "pg_foreign_server", "pg_foreign_data_wrapper", "pg_cast", "pg_language",
    "pg_namespace", "pg_class", "pg_proc", "pg_operator", "pg_opclass", "pg_opfamily", "pg_type", "pg_collation",
    "pg_conversion", "pg_statistic_ext", "pg_ts_config", "pg_ts_dict", "pg_ts_parser", "pg_ts_template",
    "pg_transform", "pg_am",
)  # fmt: skip
#: How DROP calls what has another name in the catalogs.
_SPELLED = {"composite type": "TYPE", "statistics object": "STATISTICS", "foreign-data wrapper": "FOREIGN DATA WRAPPER"}
#: Goes with something else, or cannot be dropped by itself.
_NOT_BY_ITSELF = frozenset({"index", "toast table", "partitioned index", "composite type column"})
_OBJECTS = """
SELECT named.type, named.identity FROM {catalog} AS object,
  pg_identify_object({classid}::regclass, object.oid, 0) AS named
WHERE object.oid >= 16384
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = {classid}::regclass AND d.objid = object.oid
                  AND d.deptype IN ('e', 'i')
                  -- A partitioned table is held by the columns of its own key.
                  AND NOT (d.refclassid = d.classid AND d.refobjid = d.objid))
  AND named.schema IS DISTINCT FROM 'information_schema' AND coalesce(named.schema, '') NOT LIKE 'pg\\_%'
"""
_SCHEMAS_OF_EXTENSIONS = """
SELECT DISTINCT n.nspname FROM pg_namespace n
WHERE n.oid >= 16384 AND (
  EXISTS (SELECT FROM pg_extension e WHERE e.extnamespace = n.oid)
  OR EXISTS (SELECT FROM pg_depend d WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid = n.oid
             AND EXISTS (SELECT FROM pg_depend m WHERE m.classid = d.classid AND m.objid = d.objid AND m.deptype = 'e')))
"""


def clear(connection: psycopg.Connection) -> frozenset[str]:
    """Raises what psycopg raises, for instance when something belongs to somebody else. The schemas that had to stay."""
    kept = frozenset(str(name) for (name,) in connection.execute(_SCHEMAS_OF_EXTENSIONS))
    for catalog in _CATALOGS:
        question = sql.SQL(_OBJECTS).format(catalog=sql.Identifier(catalog), classid=sql.Literal(catalog))
        for kind, identity in connection.execute(question).fetchall():
            if kind in _NOT_BY_ITSELF or (catalog == "pg_namespace" and _unquoted(identity) in kept):
                continue
            what = _SPELLED.get(kind, kind.upper())
            # What went with something else is not there any more. Identities are spelled by the server itself.
            connection.execute(f"DROP {what} IF EXISTS {identity} CASCADE".encode())
    connection.execute("SELECT lo_unlink(oid) FROM pg_largeobject_metadata")
    # The tables of extensions stay, and what people wrote into them comes back with the rest.
    clear_configuration(connection)
    return kept


def _unquoted(identity: str) -> str:
    return identity[1:-1].replace('""', '"') if identity.startswith('"') else identity
