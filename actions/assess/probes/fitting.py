"""Values under another type: those that it refuses, and those that it changes without a word."""

from collections.abc import Iterable, Iterator

from psycopg import sql

from actions.assess.probes.conversions import Conversion, conversion_of
from actions.assess.probes.expressions import checked
from actions.assess.probes.inquiries import Inquiry, Tallies, together
from actions.assess.probes.questions import Question, cast, column, not_null, values_of, written_out
from actions.assess.probes.targets import Known, Labels, Ruled, Target, Unlike, target_of
from actions.assess.probes.typenames import TypeName, type_name
from actions.assess.probes.values import NONE, Retype, Tally
from actions.assess.schema.effects import Effects, Retyped
from actions.assess.schema.narrowing import Fit
from actions.assess.schema.values import Schema
from actions.assess.statements.values import Retyping

#: `pg_input_is_valid` came with this version.
_ASKS_ABOUT_INPUT = 16


def retypes(
    effects: Effects, before: Schema, after: Schema, seen: Iterable[Retyping], version: int
) -> Iterator[Inquiry[Retype]]:
    """One inquiry per column that gets another type."""
    seen = tuple(seen)
    for one in effects.columns_retyped:
        target = target_of(one.after, before, after)
        yield _Retyping(one, conversion_of(one, seen), target, version).inquiry()


class _Retyping:
    """One column on its way into another type."""

    def __init__(self, retyped: Retyped, conversion: Conversion, target: Target, version: int) -> None:
        self._retyped = retyped
        self._conversion = conversion
        self._target = target
        self._version = version
        self._table = retyped.table
        self._name = retyped.before.identity.name
        self._was = type_name(retyped.before.type)
        self._value = cast(column(self._name), "text") if conversion.via_text else column(self._name)

    def inquiry(self) -> Inquiry[Retype]:
        opaque = self._opaque()
        misfits = () if opaque else tuple(self._misfits())
        changes = () if opaque else tuple(self._changes())

        def conclude(tallies: Tallies) -> Retype:
            values, refused, changed = tallies[0], tallies[1 : 1 + len(misfits)], tallies[1 + len(misfits) :]
            unseen = Tally.unknown(opaque) if opaque and values.possible else NONE
            return Retype(
                table=self._table,
                column=self._name,
                before=self._retyped.before.type,
                after=self._retyped.after.type,
                using=self._conversion.using,
                opaque=opaque,
                values=values,
                misfits=together(refused) if refused else unseen,
                changes=together(changed) if changed else unseen,
            )

        return Inquiry(questions=(values_of(self._table, self._name), *misfits, *changes), conclude=conclude)

    def _opaque(self) -> str | None:
        if self._conversion.opaque is not None:
            return self._conversion.opaque
        if isinstance(self._target, Unlike):
            return self._target.why
        if isinstance(self._target, Known) and type_name(self._target.type).base in {"bit", "bit varying"}:
            return "strings of bits are not compared"
        return None

    def _misfits(self) -> Iterator[Question]:
        match self._target:
            case Labels(labels=labels, array=array):
                yield self._question(where=self._no_label(labels, array=array))
            case Ruled(base=base, checks=checks):
                yield from self._refused_by(type_name(base), base)
                yield from (self._question(where=where) for check in checks if (where := self._broken(base, check)))
            case Known(type=name) if self._retyped.fit not in {Fit.KEEPS, Fit.ROUNDS} or self._conversion.via_text:
                yield from self._refused_by(type_name(name), name)
            case _:
                return

    def _no_label(self, labels: tuple[str, ...], *, array: bool) -> sql.Composable:
        shape = "NOT {}::text[] <@ {}::text[]" if array else "{}::text <> ALL ({}::text[])"
        return sql.SQL(shape).format(self._value, sql.Literal(list(labels)))

    def _broken(self, base: str, check: str) -> sql.Composable | None:
        expression = checked(check)
        if expression is None:
            return None
        return broken_by(expression, cast(self._value, base))

    def _refused_by(self, target: TypeName, name: str) -> Iterator[Question]:
        if target.length is not None:
            if not self._conversion.explicit:
                yield self._question(where=self._too_long(target.length))
            return
        if target.is_text:
            return
        where = self._out_of_range(target, name)
        yield self._question(attempt=cast(self._value, name), where=where)

    def _too_long(self, length: int) -> sql.Composable:
        # Blanks at the end are cut off without a word, so they do not count.
        text = cast(self._value, "text")
        return sql.SQL("char_length(rtrim({}, ' ')) > {}").format(text, sql.Literal(length))

    def _out_of_range(self, target: TypeName, name: str) -> sql.Composable | None:
        value = self._value
        if target.bound is not None and self._was.is_number:
            # A float is rounded otherwise at a half; that can matter for one value at the edge, and for counting only.
            return sql.SQL("round({}::numeric) NOT BETWEEN {} AND {}").format(
                value, sql.Literal(-target.bound), sql.Literal(target.bound - 1)
            )
        if target.base == "numeric" and target.arguments and self._was.is_number and not target.array:
            precision, scale = target.arguments
            return sql.SQL("{0}::numeric <> 'NaN' AND abs(round({0}::numeric, {1})) >= power(10::numeric, {2})").format(
                value, sql.Literal(scale), sql.Literal(precision - scale)
            )
        if self._version >= _ASKS_ABOUT_INPUT and (self._was.is_text or self._was.length is not None):
            return sql.SQL("NOT pg_input_is_valid({}::text, {})").format(value, sql.Literal(name))
        return None

    def _changes(self) -> Iterator[Question]:
        """There and back again."""
        if isinstance(self._target, Labels) or (self._retyped.fit is Fit.KEEPS and not self._conversion.via_text):
            return
        name = self._target.base if isinstance(self._target, Ruled) else getattr(self._target, "type", "")
        target = type_name(name)
        way = () if self._converts_back(target) else ("text",)
        back = cast(self._value, name, *way, self._retyped.before.type)
        original: sql.Composable = column(self._name)
        if self._was.compared_as_text:
            back, original = cast(back, "text"), cast(original, "text")
        changed = sql.SQL("{} IS DISTINCT FROM {}").format(back, original)
        refused = self._refused_condition(target, name)
        if refused is not None:
            # What is refused never arrives; computing it would end this question.
            changed = sql.SQL("CASE WHEN {} THEN false ELSE {} END").format(refused, changed)
        yield self._question(where=changed)

    def _refused_condition(self, target: TypeName, name: str) -> sql.Composable | None:
        if target.length is not None:
            return None if self._conversion.explicit else self._too_long(target.length)
        return None if target.is_text else self._out_of_range(target, name)

    def _converts_back(self, target: TypeName) -> bool:
        was = self._was
        numbers = (was.is_number or was.base == "boolean") and (target.is_number or target.base == "boolean")
        return numbers or (was.is_moment and target.is_moment) or was.array

    def _question(self, *, where: sql.Composable | None, attempt: sql.Composable | None = None) -> Question:
        if where is not None:
            where = sql.SQL("{} AND {}").format(not_null(self._name), where)
        return Question(table=self._table, where=where, attempt=attempt, estimable=False)


def broken_by(expression: str, value: sql.Composable) -> sql.Composable:
    """A domain's rule is not kept by this value. The server prints it as a rule about `VALUE`."""
    return sql.SQL("(SELECT {} FROM (SELECT {} AS value) AS tested) IS FALSE").format(written_out(expression), value)
