"""Rows that break a constraint or unique index which comes back."""

from collections.abc import Callable, Iterator

from psycopg import sql

from actions.assess.probes.expressions import checked, nulls_distinct, unique_index
from actions.assess.probes.inquiries import Inquiry
from actions.assess.probes.questions import Question, cast, column, relation, rows_of, written_out
from actions.assess.probes.targets import Known, target_of
from actions.assess.probes.values import NONE, BrokenRule
from actions.assess.schema.effects import Effects, RuleBack
from actions.assess.schema.values import Column, Constraint, Index, Schema, Table

#: Asks nothing, because nothing can break it.
_UNBREAKABLE: tuple[Question, ...] = ()
_NEW_COLUMN = "it is about a column that comes back with it"


def rules_back(effects: Effects, before: Schema, after: Schema) -> Iterator[Inquiry[BrokenRule]]:
    """One inquiry per rule."""
    for rule in effects.rules_back:
        yield _inquiry(rule, _Table(rule, before, after).questions())


def _inquiry(back: RuleBack, questions: tuple[Question, ...]) -> Inquiry[BrokenRule]:
    form = "unique index" if isinstance(back.rule, Index) else back.rule.form
    return Inquiry(
        questions=questions,
        conclude=lambda tallies: BrokenRule(
            table=back.table, name=back.rule.identity.name, form=form, rows=tallies[0] if tallies else NONE
        ),
    )


class _Table:
    """The table of one rule, as it is called now and as the rule calls it."""

    def __init__(self, back: RuleBack, before: Schema, after: Schema) -> None:
        self._back = back
        self._before = before
        self._after = after
        self._was: Table | None = before.table_by_identity.get(back.table)
        self._now: Table | None = after.table_by_oid.get(back.rule.table_oid)

    def questions(self) -> tuple[Question, ...]:
        rule = self._back.rule
        if isinstance(rule, Index):
            return self._unique_index(rule)
        if not rule.validated or not rule.enforced:
            # Made without a look at the rows that are there.
            return _UNBREAKABLE
        forms: dict[str, Callable[[Constraint], tuple[Question, ...]]] = {
            "check": self._check,
            "unique": self._unique,
            "primary key": self._unique,
            "foreign key": self._foreign_key,
        }
        known = forms.get(rule.form)
        return known(rule) if known else self._perhaps("such a rule is not tried out")

    def _perhaps(self, why: str) -> tuple[Question, ...]:
        """An empty table breaks no rule."""
        return (rows_of(self._back.table, inconclusive=why),)

    def _check(self, rule: Constraint) -> tuple[Question, ...]:
        expression = checked(rule.definition)
        if expression is None:
            return self._perhaps("its definition is not understood")
        if None in self._back.columns:
            return self._perhaps(_NEW_COLUMN)
        named = [
            sql.SQL("{} AS {}").format(self._value(number), sql.Identifier(self._name_now(number)))
            for number in rule.column_numbers
        ]
        if not named:
            broken = sql.SQL("{} IS FALSE").format(written_out(expression))
        else:
            broken = sql.SQL("(SELECT {} FROM (SELECT {}) AS tested) IS FALSE").format(
                written_out(expression), sql.SQL(", ").join(named)
            )
        return (Question(table=self._back.table, where=broken, estimable=False),)

    def _unique(self, rule: Constraint) -> tuple[Question, ...]:
        if None in self._back.columns:
            return self._perhaps(_NEW_COLUMN)
        if "WITHOUT OVERLAPS" in rule.definition:
            return self._perhaps("such a rule is not tried out")
        keys = tuple(self._value(number) for number in rule.column_numbers)
        return self._repeated(keys, rule.column_numbers, None, nulls=nulls_distinct(rule.definition))

    def _unique_index(self, rule: Index) -> tuple[Question, ...]:
        parsed = unique_index(rule.definition)
        if parsed is None:
            return self._perhaps("its definition is not understood")
        numbers = rule.column_numbers[: len(parsed.keys)]
        plain = parsed.where is None and all(numbers)
        if None in self._back.columns and plain:
            return self._perhaps(_NEW_COLUMN)
        if plain:
            keys = tuple(self._value(number) for number in numbers)
            return self._repeated(keys, numbers, None, nulls=parsed.nulls_distinct)
        if not self._same_columns():
            return self._perhaps("it is about columns that change")
        where = written_out(parsed.where) if parsed.where is not None else None
        return self._repeated(tuple(map(written_out, parsed.keys)), (), where, nulls=parsed.nulls_distinct)

    def _repeated(
        self, keys: tuple[sql.Composable, ...], numbers: tuple[int, ...], where: sql.Composable | None, *, nulls: bool
    ) -> tuple[Question, ...]:
        if nulls and numbers and self._unique_already(frozenset(numbers)):
            return _UNBREAKABLE
        if nulls:
            known = [sql.SQL("{} IS NOT NULL").format(key) for key in keys]
            where = sql.SQL(" AND ").join([*([sql.SQL("({})").format(where)] if where else []), *known])
        return (Question(table=self._back.table, where=where, repeated=keys, estimable=False),)

    def _unique_already(self, numbers: frozenset[int]) -> bool:
        """Another unique index that stands now keeps fewer or the same columns apart."""
        if any(self._retyped(number) for number in numbers):
            return False
        return any(
            index.unique
            and index.valid
            and index.table_oid == self._back.rule.table_oid
            and index.column_numbers
            and frozenset(index.column_numbers) <= numbers
            and 0 not in index.column_numbers
            and (parsed := unique_index(index.definition)) is not None
            and parsed.where is None
            for index in self._before.indexes
        )

    def _foreign_key(self, rule: Constraint) -> tuple[Question, ...]:
        back = self._back
        if None in back.columns:
            return self._perhaps(_NEW_COLUMN)
        values = [self._value(number) for number in rule.column_numbers]
        filled = sql.SQL(" AND ").join([sql.SQL("{} IS NOT NULL").format(value) for value in values])
        if back.refers_to is None:
            # The table that it will point at is new, and empty.
            return (Question(table=back.table, where=filled),)
        if None in back.refers_to_columns or "PERIOD" in rule.definition:
            return self._perhaps(_NEW_COLUMN)
        if self._same_foreign_key(rule):
            return _UNBREAKABLE
        target = sql.Identifier("target")
        same = [
            sql.SQL("{}.{} = {}").format(target, sql.Identifier(name or ""), value)
            for name, value in zip(back.refers_to_columns, values, strict=True)
        ]
        dangling = sql.SQL("{} AND NOT EXISTS (SELECT FROM {} AS {} WHERE {})").format(
            filled, relation(back.refers_to), target, sql.SQL(" AND ").join(same)
        )
        if "MATCH FULL" in rule.definition and len(values) > 1:
            # Either all of them, or none.
            any_filled = sql.SQL(" OR ").join([sql.SQL("{} IS NOT NULL").format(value) for value in values])
            dangling = sql.SQL("({}) AND (NOT ({}) OR {})").format(any_filled, filled, dangling)
        return (Question(table=back.table, where=dangling, estimable=False),)

    def _same_foreign_key(self, rule: Constraint) -> bool:
        return not any(map(self._retyped, rule.column_numbers)) and any(
            other.form == "foreign key"
            and other.table_oid == rule.table_oid
            and other.column_numbers == rule.column_numbers
            and other.refers_to == self._back.refers_to
            and other.refers_to_numbers == rule.refers_to_numbers
            and other.validated
            and other.enforced
            for other in self._before.constraints
        )

    def _value(self, number: int) -> sql.Composable:
        """What the column will hold, computed from what it holds now."""
        was, now = self._column(self._was, number), self._column(self._now, number)
        value = column(was.identity.name if was else "")
        if now is None or not self._retyped(number):
            return value
        target = target_of(now, self._before, self._after)
        return cast(value, target.type) if isinstance(target, Known) else value

    def _retyped(self, number: int) -> bool:
        was, now = self._column(self._was, number), self._column(self._now, number)
        return was is None or now is None or was.type != now.type

    def _name_now(self, number: int) -> str:
        now = self._column(self._now, number)
        return now.identity.name if now else ""

    def _same_columns(self) -> bool:
        """Every column that the table will have is there under the same name, with the same type."""
        if self._was is None or self._now is None:
            return False
        was = {(each.number, each.identity.name, each.type) for each in self._was.columns}
        return {(each.number, each.identity.name, each.type) for each in self._now.columns} <= was

    @staticmethod
    def _column(table: Table | None, number: int) -> Column | None:
        return next((each for each in table.columns if each.number == number), None) if table else None
