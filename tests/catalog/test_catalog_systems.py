"""The five systems of real teams fit into the catalog, and the published schema and docs agree with it."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from actions.catalog import Catalog, Risk, load_catalog
from actions.catalog.catalog import CatalogFile
from actions.catalog.schema import json_schema, text

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SYSTEMS = sorted((HERE / "systems").glob("*.yml"))
BLOCKS = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "catalog.md").read_text(), re.DOTALL)


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def system(name: str) -> Catalog:
    return load_catalog(HERE / "systems" / f"{name}.yml", {})


def test_all_five_systems_load_together() -> None:
    assert len(SYSTEMS) == 5

    catalog = load_catalog(HERE / "systems", {})

    assert len(catalog.services) == 6


@pytest.mark.parametrize("file", SYSTEMS, ids=lambda file: file.stem)
def test_each_system_loads_and_can_be_written_down_as_json(file: Path) -> None:
    catalog = load_catalog(file, {})

    assert json.loads(catalog.model_dump_json())["services"].keys() == catalog.services.keys()


def test_the_eleven_phases_keep_their_order_triggers_and_risks() -> None:
    runbook = system("motovaultpro").service("motovaultpro").runbooks["simplification"]

    assert len(runbook.phases) == 11
    assert list(runbook.phases)[:2] == ["docker-compose", "remove-tenant"]
    assert all(phase.triggers for name, phase in runbook.phases.items() if name != "testing")
    assert runbook.phases["database-updates"].risk is Risk.HIGH
    assert runbook.scopes["full"].expected_time.at_most == timedelta(minutes=30)
    assert runbook.phases["frontend"].name == "frontend"


def test_radar_resumes_its_cronjobs_after_the_api_one_by_one() -> None:
    writers = system("deeptech-radar").service("deeptech-radar").writers

    assert [writer.known_as for writer in writers.resumed][:3] == [
        "deeptech-api",
        "deeptech-api-scaler",
        "arxiv-hourly",
    ]
    assert writers.pause_between == timedelta(minutes=1)


def test_the_backups_of_the_agent_ui_are_plain_and_seven() -> None:
    backups = system("claude-agent-ui").service("claude-agent-ui").backups

    assert backups.format == "plain"
    assert backups.keep.last == 7
    assert [store.name for store in backups.stores] == ["disk", "offsite"]


def test_the_published_schema_is_what_the_code_says() -> None:
    published = (ROOT / "docs" / "catalog.schema.json").read_text(encoding="utf-8")

    assert published == text(), "run: python -m actions.catalog.schema > docs/catalog.schema.json"


@pytest.mark.parametrize("file", SYSTEMS, ids=lambda file: file.stem)
def test_the_schema_accepts_what_loads(validator: jsonschema.Draft202012Validator, file: Path) -> None:
    validator.validate(yaml.safe_load(file.read_text()))


@pytest.mark.parametrize(
    "mistake",
    [
        {"services": {"api": {"environment": "prod", "platform": "local", "database": "${X}"}}},
        {"services": {"api": {"platform": "local", "database": "${X}"}}},
        {"services": {"api": {"environment": "staging", "platform": "local", "database": "postgresql://x"}}},
        {"services": {"api": {"environment": "staging", "platform": "local", "polcy": "x"}}},
        {"sevices": {}},
    ],
    ids=["value", "missing", "literal url", "unknown key", "unknown section"],
)
def test_the_schema_refuses_what_does_not_load(
    validator: jsonschema.Draft202012Validator, mistake: dict[str, Any]
) -> None:
    with pytest.raises(jsonschema.ValidationError):
        validator.validate(mistake)


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_every_example_of_the_docs_loads(block: str, tmp_path: Path) -> None:
    (tmp_path / "catalog.yml").write_text(block)

    load_catalog(tmp_path, {"HOME": "/home/op"})


def test_the_docs_have_examples() -> None:
    assert len(BLOCKS) >= 5


def _properties(node: object, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(node, dict):
        for name, field in node.get("properties", {}).items():
            yield f"{path}.{name}", field
        for name, inner in node.items():
            yield from _properties(inner, f"{path}/{name}")
    elif isinstance(node, list):
        for inner in node:
            yield from _properties(inner, path)


def test_every_key_is_explained() -> None:
    unexplained = [path for path, field in _properties(json_schema()) if not field.get("description")]

    assert not unexplained


def test_the_docs_name_every_section_and_key_of_a_service() -> None:
    page = (ROOT / "docs" / "catalog.md").read_text()
    service = json_schema()["$defs"]["Service"]["properties"]

    assert not [
        name for name in (*CatalogFile.model_fields, *service) if f"`{name}`" not in page and name != "description"
    ]
