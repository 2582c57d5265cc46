"""Which Alembic operations and which kinds of SQL a migration's two directions ask for, read from its text.

Used only to know what the collection covers, never to judge a migration.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

#: `alter_column` and the rest mean different things with different arguments.
TELLING_ARGUMENTS = {
    "alter_column": ("type_", "nullable", "server_default", "new_column_name", "comment"),
    "create_index": ("postgresql_concurrently", "unique"),
    "drop_index": ("postgresql_concurrently",),
}
#: What stands inside an added column or a created table.
TELLING_CALLS = ("Identity", "Computed", "Enum", "ENUM", "ARRAY", "JSON", "JSONB")
CONTEXT_CALLS = ("autocommit_block",)

SQL = re.compile(
    r"\b(?P<verb>CREATE|DROP|ALTER)\s+(?:OR\s+REPLACE\s+)?(?P<kind>MATERIALIZED\s+VIEW|TYPE|SCHEMA|SEQUENCE|VIEW|FUNCTION"
    r"|TRIGGER|EXTENSION|POLICY|ROLE|DOMAIN|TABLE)\b|\b(?P<plain>INSERT\s+INTO|UPDATE(?=\s+\w+\s+SET)|DELETE\s+FROM|TRUNCATE|GRANT|REVOKE)\b"
    r"|\b(?P<label>ADD\s+VALUE|RENAME\s+VALUE|RENAME\s+TO|DETACH\s+PARTITION|ATTACH\s+PARTITION|PARTITION\s+OF)\b"
)


def asked_for(script: Path) -> dict[str, frozenset[str]]:
    """For `upgrade` and `downgrade`: labels such as `add_column`, `alter_column type_` or `CREATE VIEW`."""
    tree = ast.parse(script.read_text(encoding="utf-8"))
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    return {name: frozenset(_labels(functions[name])) for name in ("upgrade", "downgrade")}


def _labels(function: ast.FunctionDef) -> Iterator[str]:
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield from _call_labels(node, node.func)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from _sql_labels(node.value)


def _call_labels(call: ast.Call, func: ast.Attribute) -> Iterator[str]:
    name = func.attr
    if name in TELLING_CALLS or name in CONTEXT_CALLS:
        yield name
    if not (isinstance(func.value, ast.Name) and func.value.id in ("op", "batch")):
        return
    yield name
    arguments = {keyword.arg: keyword.value for keyword in call.keywords}
    for telling in TELLING_ARGUMENTS.get(name, ()):
        if telling in arguments:
            yield f"{name} {telling}"
    if name == "drop_constraint":
        kind = arguments.get("type_")
        yield f"drop_constraint {ast.literal_eval(kind) if kind else 'of any type'}"
    if name in ("add_column", "create_table") and "server_default" in ast.unparse(call):
        yield f"{name} server_default"


def _sql_labels(text: str) -> Iterator[str]:
    for found in SQL.finditer(text):
        verb, kind, plain, label = found.group("verb", "kind", "plain", "label")
        yield re.sub(r"\s+", " ", f"{verb} {kind}" if verb else plain or label)
