"""The questions to the catalogs, all in one place; `pg_catalog` only, PostgreSQL 13 to 18.

A query's column names are the field names of the value that is built from its rows; `stored_x` is the name-free
fingerprint of attribute `x`. They run with an empty `search_path`, so every name that the server prints is qualified.
Stored trees (`pg_node_tree`) name what they mention by oid, hence their hash survives renames.
"""

from actions.assess.schema.queries import attached, database, functions, rare, relations, types
from actions.assess.schema.queries.versions import for_server

_ALL = {
    "schemas": database.SCHEMAS,
    "tables": relations.TABLES,
    "columns": relations.COLUMNS,
    "views": relations.VIEWS,
    "sequences": relations.SEQUENCES,
    "constraints": attached.CONSTRAINTS,
    "indexes": attached.INDEXES,
    "triggers": attached.TRIGGERS,
    "policies": attached.POLICIES,
    "rules": attached.RULES,
    "enums": types.ENUMS,
    "domains": types.DOMAINS,
    "types": types.TYPES,
    "functions": functions.FUNCTIONS,
    "extensions": database.EXTENSIONS,
    "publications": database.PUBLICATIONS,
    "subscriptions": database.SUBSCRIPTIONS,
    "others": rare.OTHERS,
}


def catalog_queries(version: int) -> dict[str, str]:
    """What is asked of a server of this major version, by the name of the answer."""
    return {name: for_server(query, version) for name, query in _ALL.items()}
