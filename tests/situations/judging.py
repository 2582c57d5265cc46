"""What the assessment says of a situation, in both ways of asking, beside the truth."""

import os
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from actions.assess.assessment import Question, Surroundings, assess
from actions.assess.decide.risk import overall_risk
from actions.assess.failures import failure_of
from actions.assess.findings.all import find
from actions.assess.result import Assessment
from actions.catalog import Risk, Service, load_catalog
from tests.situations.situation import Handover, Situation
from tests.situations.truths import Class, Truth

ENTRY = """
services:
  situation:
    environment: staging
    platform: {{kind: local, folder: {folder}}}
    database: ${{SITUATION_URL}}
    migrations:
      config: alembic.ini
      version_table: {version_table}
      {version_schema}
      run: {{python: {python}}}
      url: {url}
"""


@dataclass(frozen=True, kw_only=True)
class Judged:
    with_data: Assessment
    risk_with_data: Risk
    #: From the same evidence, without the rehearsal on the data.
    risk_without: Risk
    schema_succeeds: bool


def service_of(situation: Situation, folder: Path, python: str) -> Service:
    handover: Handover = situation.url
    url = ", ".join(f"{name}: {value!r}" for name, value in handover.model_dump(exclude_none=True).items())
    schema, _, table = situation.version_table.rpartition(".")
    text = ENTRY.format(
        folder=folder, version_table=table, version_schema=f"version_schema: {schema}" if schema else "",
        python=python, url=f"{{{url}}}",
    )  # fmt: skip
    (folder / "backout.yml").write_text(text)
    return load_catalog(folder / "backout.yml", {}).services["situation"]


def judge(situation: Situation, folder: Path, url: str, python: str) -> Judged:
    """`url` is a database in the newer state; it is not changed."""
    around = Surroundings(environ={**os.environ, "SITUATION_URL": url}, now=datetime.now(UTC), home=folder)
    service = service_of(situation, folder, python)
    found = assess(Question(service=service, target=situation.to, with_data=True), around)
    evidence = found.evidence
    schema = evidence.schema
    without = replace(evidence, data=None, failure=failure_of(schema.down, evidence.path) if schema else None)
    return Judged(
        with_data=found, risk_with_data=found.risk, risk_without=overall_risk(find(without)),
        schema_succeeds=schema is not None and schema.succeeds,
    )  # fmt: skip


def disagreements(situation: Situation, truth: Truth, judged: Judged) -> list[str]:
    """Where the assessment does not say what is true; empty where it agrees."""
    found = []
    loses = bool(truth.rows_lost or truth.values_lost) or truth.class_ in (Class.LOSES_DATA, Class.RECREATED_EMPTY)
    settled_otherwise = loses and not (truth.rows_lost or truth.values_lost or truth.recreated_empty)
    rehearsal = judged.with_data.rehearsal
    succeeds = rehearsal is not None and rehearsal.succeeds
    if loses and judged.risk_without.rank < Risk.HIGH.rank:
        found.append(f"loses data ({truth.class_}), and without data it is called {judged.risk_without}")
    if loses and not settled_otherwise and judged.risk_with_data.rank < Risk.HIGH.rank:
        found.append(f"loses data ({truth.class_}), and with data it is called {judged.risk_with_data}")
    if succeeds != truth.downgrade.ok:
        found.append(f"the rehearsal says {'success' if succeeds else 'failure'}, and in truth it is the opposite")
    harmless = truth.downgrade.ok and not loses and not truth.recreated_empty
    if harmless and judged.risk_with_data.rank > Risk.MEDIUM.rank:
        found.append(f"loses nothing ({truth.class_}), and with data it is called {judged.risk_with_data}")
    return found
