"""Questions about the rows of one table, as SQL. Nothing here asks them."""

from dataclasses import dataclass

from psycopg import sql

from actions.assess.schema.naming import Identity

#: What the row is called in every expression.
ROW = "it"


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """Are there such rows, and how many?"""

    table: Identity
    #: Which rows; None: all.
    where: sql.Composable | None = None
    #: Asks for rows that agree in these with an earlier one.
    repeated: tuple[sql.Composable, ...] = ()
    #: Asks for rows for which this cannot be computed: the server refuses the value. `where` then tells which ones, if
    #: that can be told beforehand.
    attempt: sql.Composable | None = None
    #: The server's statistics say something about it.
    estimable: bool = True
    #: Rows found prove nothing, for this reason; only their absence does.
    inconclusive: str | None = None

    def exists(self, start_page: int | None = None) -> sql.Composable:
        """True or false. From `start_page` on to the table's end only, where given."""
        return sql.SQL("SELECT EXISTS (SELECT {} LIMIT 1)").format(self._body(start_page))

    def count(self) -> sql.Composable:
        counted = sql.SQL("coalesce(sum(many - 1), 0)::int8" if self.repeated else "count(*)")
        return sql.SQL("SELECT {} {}").format(counted, self._body(None))

    def tried(self, start_page: int | None = None) -> sql.Composable:
        """Fails if one value is refused."""
        rows = sql.SQL("SELECT count({}) FROM {}").format(self.attempt or sql.SQL("*"), self._source())
        return rows if start_page is None else sql.SQL("{} WHERE {}").format(rows, _from_page(start_page))

    def estimate(self) -> sql.Composable:
        return sql.SQL("EXPLAIN (FORMAT JSON) SELECT {}").format(self._body(None))

    @property
    def countable(self) -> bool:
        """Can the rows be counted, or only be found?"""
        return self.attempt is None or self.where is not None

    def _body(self, start_page: int | None) -> sql.Composable:
        conditions = [self.where] if self.where is not None else []
        if start_page is not None:
            conditions.append(_from_page(start_page))
        rows = self._source()
        if conditions:
            both = sql.SQL(" AND ").join(sql.SQL("({})").format(condition) for condition in conditions)
            rows = sql.SQL("{} WHERE {}").format(rows, both)
        if not self.repeated:
            return sql.SQL("FROM {}").format(rows)
        keys = sql.SQL(", ").join(self.repeated)
        return sql.SQL("FROM (SELECT count(*) AS many FROM {} GROUP BY {} HAVING count(*) > 1) AS repeated").format(
            rows, keys
        )

    def _source(self) -> sql.Composable:
        return sql.SQL("{} AS {}").format(relation(self.table), sql.Identifier(ROW))


def _from_page(page: int) -> sql.Composable:
    return sql.SQL("{}.ctid >= {}::tid").format(sql.Identifier(ROW), sql.Literal(f"({page},0)"))


def relation(table: Identity) -> sql.Composable:
    return sql.Identifier(*([table.schema] if table.schema else []), table.name)


def column(name: str) -> sql.Composable:
    return sql.Identifier(ROW, name)


def written_out(text: str) -> sql.Composable:
    """SQL that a server printed, such as a type or an expression."""
    return sql.SQL(text)


def not_null(name: str) -> sql.Composable:
    return sql.SQL("{} IS NOT NULL").format(column(name))


def cast(value: sql.Composable, *types: str) -> sql.Composable:
    """The value cast to each of these, one after the other."""
    for name in types:
        value = sql.SQL("({})::{}").format(value, written_out(name))
    return value


def values_of(table: Identity, name: str, *, inconclusive: str | None = None) -> Question:
    """Values of a column that are not NULL."""
    return Question(table=table, where=not_null(name), inconclusive=inconclusive)


def rows_of(table: Identity, *, inconclusive: str | None = None) -> Question:
    return Question(table=table, inconclusive=inconclusive)
