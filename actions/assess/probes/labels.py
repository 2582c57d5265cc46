"""Columns that hold what an enum or a domain will no longer take."""

import re
from collections.abc import Iterable, Iterator

from psycopg import sql

from actions.assess.probes.expressions import checked
from actions.assess.probes.fitting import broken_by
from actions.assess.probes.inquiries import Inquiry, together
from actions.assess.probes.questions import Question, column, values_of
from actions.assess.probes.targets import check_of_domain, part_of_enum
from actions.assess.probes.values import NONE, DomainUse, LabelUse
from actions.assess.schema.effects import DomainChanged, Effects, LabelsGone
from actions.assess.schema.type_usage import ColumnOf
from actions.assess.schema.values import Domain, Enum, Schema

_PLAIN_LABEL = re.compile(r"[\w .:-]+")


def labels_in_use(effects: Effects, before: Schema) -> Iterator[Inquiry[LabelUse]]:
    """One inquiry per enum that shrinks, and column that may hold its labels."""
    enums = {enum.identity: enum for enum in before.enums}
    for lost in effects.labels_gone:
        for one in _once(lost.columns, before):
            yield _label_use(lost, one, enums[lost.enum], before)


def _label_use(lost: LabelsGone, one: ColumnOf, enum: Enum, before: Schema) -> Inquiry[LabelUse]:
    question = _labels_question(lost, one, part_of_enum(before, enum, one.column.type_oid))
    return Inquiry(
        questions=(question,),
        conclude=lambda tallies: LabelUse(
            enum=lost.enum,
            labels=lost.labels,
            table=one.table,
            column=one.column.identity.name,
            rows=tallies[0],
        ),
    )


def _labels_question(lost: LabelsGone, one: ColumnOf, part: str | None) -> Question:
    value, labels = column(one.column.identity.name), sql.Literal(list(lost.labels))
    if part == "value":
        # Literals of the very type let the server use its statistics, and an index.
        where = sql.SQL("{}::text = ANY ({}::text[])").format(value, labels)
        return Question(table=one.table, where=where, estimable=False)
    if part == "array":
        where = sql.SQL("{}::text[] && {}::text[]").format(value, labels)
        return Question(table=one.table, where=where, estimable=False)
    why = "it holds labels inside of other values"
    if not all(map(_PLAIN_LABEL.fullmatch, lost.labels)):
        return values_of(one.table, one.column.identity.name, inconclusive=why)
    mentioned = [sql.SQL("strpos({}::text, {}) > 0").format(value, sql.Literal(label)) for label in lost.labels]
    return Question(table=one.table, where=sql.SQL(" OR ").join(mentioned), inconclusive=why)


def domains_changed(effects: Effects, before: Schema) -> Iterator[Inquiry[DomainUse]]:
    """One inquiry per domain whose rules change, and column that uses it."""
    for changed in effects.domains_changed:
        for one in _once(changed.columns, before):
            yield _domain_use(changed, one)


def _domain_use(changed: DomainChanged, one: ColumnOf) -> Inquiry[DomainUse]:
    was, now = changed.change.before, changed.change.after
    questions: tuple[Question, ...] = ()
    if isinstance(was, Domain) and isinstance(now, Domain):
        questions = tuple(_domain_questions(was, now, one))
    return Inquiry(
        questions=questions,
        conclude=lambda tallies: DomainUse(
            domain=was.identity,
            table=one.table,
            column=one.column.identity.name,
            rows=together(tallies) if tallies else NONE,
        ),
    )


def _domain_questions(was: Domain, now: Domain, one: ColumnOf) -> Iterator[Question]:
    name = one.column.identity.name
    checks = [check_of_domain(rule) for rule in now.constraints if rule not in was.constraints]
    checks = [check for check in checks if not check.endswith("NOT VALID")]
    expressions = [checked(check) for check in checks]
    stricter = was.nullable and not now.nullable
    if one.column.type_oid != was.oid or None in expressions or was.base != now.base:
        if checks or stricter or was.base != now.base:
            yield values_of(one.table, name, inconclusive="it holds the domain inside of other values")
        return
    broken = [broken_by(expression, column(name)) for expression in expressions if expression is not None]
    if stricter:
        broken.append(sql.SQL("{} IS NULL").format(column(name)))
    if broken:
        yield Question(table=one.table, where=sql.SQL(" OR ").join(broken), estimable=False)


def _once(columns: Iterable[ColumnOf], schema: Schema) -> Iterator[ColumnOf]:
    """A parent's rows include those of its partitions and children."""
    asked = tuple(columns)
    there = {(one.table, one.column.identity.name) for one in asked}
    for one in asked:
        table = schema.table_by_identity.get(one.table)
        parents = [schema.table_by_oid[oid] for oid in table.parent_oids if oid in schema.table_by_oid] if table else []
        if not any((parent.identity, one.column.identity.name) in there for parent in parents):
            yield one
