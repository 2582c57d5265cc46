"""Seed 000: the requirements tracker leaves PostgreSQL for YAML files, by its catalog entry alone."""

from pathlib import Path

import pytest
import yaml

from actions.catalog import load_catalog
from actions.catalog.exports import Export
from actions.files.order import ExportOrder
from actions.files.validating import require_valid, validate
from tests.files.rooms import Room

SCHEMA = """
CREATE TABLE requirements (
    id text PRIMARY KEY, workspace_id text NOT NULL DEFAULT 'default', title text NOT NULL, type text NOT NULL,
    classification text, priority text, status text, version text, description text, business_rationale text,
    detailed_requirements text, success_criteria text, acceptance_criteria text, relationships text, stakeholders text,
    metadata text, created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE relationships (
    source_requirement_id text NOT NULL, target_requirement_id text NOT NULL, relationship_type text NOT NULL
);
INSERT INTO requirements VALUES
    ('REQ-001', 'default', 'Log in: with a key', 'functional', 'must', 'high', 'approved', '2.0', E'Two\nlines', 'Größe',
     '["one", "22:30"]', '[]', '[{"given": "no"}]', '{"parent": null}', '["team"]', '{"n": 1.50}'),
    ('REQ-002', 'default', 'Log out', 'functional', 'must', 'low', 'draft', NULL, NULL, NULL,
     NULL, '', NULL, NULL, NULL, NULL),
    ('REQ-003', 'other', 'Elsewhere', 'functional', 'must', 'low', 'draft', NULL, NULL, NULL,
     NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO relationships VALUES
    ('REQ-001', 'REQ-002', 'blocks'), ('REQ-001', 'REQ-000', 'refines'), ('REQ-003', 'REQ-001', 'blocks');
"""
CATALOG = """
services:
  traceo:
    environment: production
    platform: {kind: compose, folder: traceo}
    database: ${TRACEO_DATABASE_URL}
    approvers: [U012AB3CD]
    exports:
      requirements:
        table: requirements
        where: {workspace_id: default}
        folder: requirements
        file: "{id}/definition.yml"
        root: requirement
        fields:
          id: id
          title: title
          type: type
          classification: classification
          priority: priority
          status: status
          version: {column: version, default: "1.0"}
          description: {column: description, default: ""}
          business_rationale: business_rationale
          detailed_requirements: {column: detailed_requirements, parse: json, default: []}
          success_criteria: {column: success_criteria, parse: json, default: []}
          acceptance_criteria: {column: acceptance_criteria, parse: json, default: []}
          relationships: {column: relationships, parse: json, default: {}}
          stakeholders: {column: stakeholders, parse: json}
          metadata: {column: metadata, parse: json, default: {}}
        related:
          related_requirements:
            table: relationships
            match: {source_requirement_id: id}
            fields: [target_requirement_id, relationship_type]
            order_by: [target_requirement_id]
"""


@pytest.fixture
def template(tmp_path: Path) -> Export:
    file = tmp_path / "catalog.yml"
    file.write_text(CATALOG)
    return load_catalog(file, {}).services["traceo"].exports["requirements"]


@pytest.fixture
def order(room: Room, template: Export) -> ExportOrder:
    room.sql(SCHEMA)
    return room.order(template)


def test_every_requirement_of_the_workspace_is_a_file_with_its_relationships(room: Room, order: ExportOrder) -> None:
    exported = room.export(order.template)

    assert room.files("requirements") == ["REQ-001/definition.yml", "REQ-002/definition.yml"]
    text = (room.home / "requirements/REQ-001/definition.yml").read_text()
    assert text.endswith("\n")
    assert "Größe" in text
    whole = yaml.safe_load(text)["requirement"]
    assert list(whole) == [*order.template.fields_, "related_requirements"]
    assert whole["title"] == "Log in: with a key"
    assert whole["description"] == "Two\nlines"
    assert whole["detailed_requirements"] == ["one", "22:30"]
    assert whole["acceptance_criteria"] == [{"given": "no"}]
    assert whole["metadata"] == {"n": 1.5}
    assert whole["related_requirements"] == [
        {"target_requirement_id": "REQ-000", "relationship_type": "refines"},
        {"target_requirement_id": "REQ-002", "relationship_type": "blocks"},
    ]
    assert (exported.files, exported.counted) == (2, 2)
    assert exported.related == exported.counted_related == {"related_requirements": 2}


def test_what_is_empty_has_its_default(room: Room, order: ExportOrder) -> None:
    room.export(order.template)

    whole = yaml.safe_load((room.home / "requirements/REQ-002/definition.yml").read_text())["requirement"]
    assert whole["version"] == "1.0"
    assert whole["description"] == ""
    assert whole["success_criteria"] == whole["detailed_requirements"] == whole["related_requirements"] == []
    assert whole["relationships"] == {}
    assert whole["stakeholders"] is None


def test_the_files_are_validated_and_counted_against_the_database(room: Room, order: ExportOrder) -> None:
    _, validated = room.both(order.template)

    assert validated.passed, validated.faults
    assert (validated.files, validated.rows, validated.parsed) == (2, 2, 2)
    require_valid(validated, where="here")


def test_exporting_again_replaces_older_files_and_removes_those_of_rows_that_are_gone(
    room: Room, order: ExportOrder
) -> None:
    room.export(order.template)
    room.sql(
        "UPDATE requirements SET title = 'Newer' WHERE id = 'REQ-001'",
        "DELETE FROM requirements WHERE id = 'REQ-002'",
        "INSERT INTO requirements (id, title, type) VALUES ('REQ-004', 'New', 'functional')",
    )

    exported, validated = room.both(order.template)

    assert room.files("requirements") == ["REQ-001/definition.yml", "REQ-004/definition.yml"]
    assert not (room.home / "requirements/REQ-002").exists()
    assert "title: Newer\n" in (room.home / "requirements/REQ-001/definition.yml").read_text()
    assert (exported.written, exported.unchanged, exported.removed) == (2, 0, 1)
    assert validated.passed, validated.faults


def test_files_from_before_the_migration_are_replaced_where_a_row_has_them_and_named_where_none_has(
    room: Room, order: ExportOrder
) -> None:
    for name in ("REQ-001", "REQ-900"):
        (room.home / "requirements" / name).mkdir(parents=True)
        (room.home / "requirements" / name / "definition.yml").write_text("requirement: {id: old}\n")

    exported, validated = room.both(order.template)

    assert (
        yaml.safe_load((room.home / "requirements/REQ-001/definition.yml").read_text())["requirement"]["id"]
        == "REQ-001"
    )
    assert exported.strangers == ("REQ-900/definition.yml",)
    assert (room.home / "requirements/REQ-900/definition.yml").read_text() == "requirement: {id: old}\n"
    assert not validated.passed
    assert any("REQ-900" in fault for fault in validated.faults)
    assert "There are 3 files, and the database had 2 rows" in validated.faults
    assert validate(order, exported).faults == validated.faults
