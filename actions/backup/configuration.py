"""Rows that people put into tables of extensions, such as PostGIS' own reference systems or jobs of pg_cron.

An extension says which of its tables these are, and by which condition. pg_dump writes them into the archive; here they
are counted and hashed, in an order of their own: on the way back they come behind what the extension itself brings.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from psycopg import sql

from actions.backup.manifest import TableContent
from actions.backup.pipes import Tally
from actions.backup.tables import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class ConfigurationTable:
    schema_name: str
    name: str
    columns: tuple[str, ...]
    #: `WHERE ...`, in the extension's own words, or nothing.
    condition: str
    is_unlogged: bool

    @property
    def chosen(self) -> sql.Composed:
        """`FROM` and `WHERE` of the rows that are people's. Where there is a condition, pg_dump asks children too."""
        alone = sql.SQL("" if self.condition else "ONLY ")
        # Only whoever may make extensions writes conditions.
        condition = sql.SQL(self.condition)
        return sql.SQL("FROM {}{} {}").format(alone, sql.Identifier(self.schema_name, self.name), condition)


def configuration_tables(connection: Connection) -> tuple[ConfigurationTable, ...]:
    """By schema and name."""
    return tuple(
        ConfigurationTable(
            schema_name=schema, name=name, columns=tuple(columns), condition=condition or "", is_unlogged=is_unlogged
        )
        for schema, name, columns, condition, is_unlogged in connection.execute(_TABLES).fetchall()
    )


def configuration(connection: Connection, *, encoding: str, is_standby: bool = False) -> tuple[TableContent, ...]:
    """Rows and hash of each. `encoding` is the database's own: nothing is converted."""
    return tuple(
        _content(connection, table, encoding)
        for table in configuration_tables(connection)
        if not (is_standby and table.is_unlogged)
    )


def clear_configuration(connection: Connection) -> None:
    """Takes these rows out, where there are any."""
    for table in configuration_tables(connection):
        if connection.execute(sql.SQL("SELECT {} LIMIT 1").format(table.chosen)).fetchone() is not None:
            connection.execute(sql.SQL("DELETE {}").format(table.chosen))


def _content(connection: Connection, table: ConfigurationTable, encoding: str) -> TableContent:
    statement = sql.SQL(
        'COPY (SELECT * FROM (SELECT {} {}) AS rows ORDER BY rows::text COLLATE "C") TO STDOUT'
        " WITH (FORMAT text, ENCODING {})"
    ).format(sql.SQL(", ").join(map(sql.Identifier, table.columns)), table.chosen, sql.Literal(encoding))
    tally = Tally()
    for row in _copied(connection, statement):
        tally.add(row)
    return TableContent(
        schema_name=table.schema_name, name=table.name, columns=table.columns,
        rows=tally.rows, bytes=tally.bytes, hash=tally.hash, file=None,
    )  # fmt: skip


def _copied(connection: Connection, statement: sql.Composed) -> Iterator[bytes]:
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in copy:
            yield bytes(row)


_TABLES = """
SELECT n.nspname::text, c.relname::text, ARRAY(
    SELECT a.attname::text FROM pg_attribute a
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attnum),
  said.condition, c.relpersistence = 'u'
FROM pg_extension e CROSS JOIN LATERAL unnest(e.extconfig, e.extcondition) AS said (number, condition)
JOIN pg_class c ON c.oid = said.number JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' ORDER BY 1, 2
"""
