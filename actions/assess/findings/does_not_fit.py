"""DF: rows that the older schema refuses. The downgrade fails on them and nothing is lost, but it does not succeed.

Counted on the live database. Silent after a data rehearsal went through: then they did fit. Each of these is medium: the
harm is a failed attempt at night, and the policy refuses it as long as the rows are there.
"""

from collections.abc import Iterator

from actions.assess.findings.data_loss import numbers, said
from actions.assess.findings.evidence import Evidence, display
from actions.assess.probes.values import Losses, Tally
from actions.assess.values import Finding
from actions.catalog.risk import Risk

REMEDY = "Either fix these rows first and then go back, or restore from a backup, which is safer."


def _counted(evidence: Evidence) -> Losses | None:
    return None if evidence.settled_by_data else evidence.losses


def narrower_type(evidence: Evidence) -> Iterator[Finding]:
    """DF101: values do not fit the narrower type: too long, too large, not of that form."""
    losses = _counted(evidence)
    for retype in losses.retypes if losses else ():
        if retype.misfits.possible and not retype.opaque and retype.values.possible:
            name = f"{display(retype.table)}.{retype.column}"
            yield _finding("DF101", name, f"do not fit {retype.after}", retype.misfits, "values")


def nulls(evidence: Evidence) -> Iterator[Finding]:
    """DF102: a column becomes NOT NULL again, and rows have no value in it."""
    losses = _counted(evidence)
    for each in losses.nulls if losses else ():
        if each.rows.possible:
            name = f"{display(each.table)}.{each.column}"
            yield _finding("DF102", name, "have no value, and the column becomes NOT NULL", each.rows, "rows")


def rules(evidence: Evidence) -> Iterator[Finding]:
    """DF103: a check, a unique rule or a foreign key comes back, and rows break it: wrong, duplicate, dangling."""
    losses = _counted(evidence)
    for rule in losses.rules if losses else ():
        if rule.rows.possible:
            yield _finding(
                "DF103",
                f"{display(rule.table)}.{rule.name}",
                f"break the {rule.form} that comes back",
                rule.rows,
                "rows",
            )


def labels(evidence: Evidence) -> Iterator[Finding]:
    """DF104: an enum loses labels that are in use. The server refuses that, or the script maps them to others.

    High: a mapping of several labels to one is a loss, and whether there is one cannot be told from the schema.
    """
    losses = _counted(evidence)
    for use in losses.labels if losses else ():
        if use.rows.possible:
            name = f"{display(use.table)}.{use.column}"
            what = f"use labels that `{display(use.enum)}` loses"
            yield _finding("DF104", name, what, use.rows, "rows", Risk.HIGH)


def domains(evidence: Evidence) -> Iterator[Finding]:
    """DF105: a domain gets stricter, and rows break its rule."""
    losses = _counted(evidence)
    for use in losses.domains if losses else ():
        if use.rows.possible:
            name = f"{display(use.table)}.{use.column}"
            yield _finding("DF105", name, f"break the rules that `{display(use.domain)}` gets", use.rows, "rows")


def _finding(code: str, name: str, what: str, tally: Tally, noun: str, severity: Risk = Risk.MEDIUM) -> Finding:
    return Finding(
        code=code, severity=severity, object=name, message=f"`{name}`: {said(tally, noun)} {what}",
        evidence=numbers(tally), remedy=REMEDY,
    )  # fmt: skip


FAMILY = (narrower_type, nulls, rules, labels, domains)
