from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from actions.catalog import Catalog, CatalogError, load_catalog
from actions.catalog.problems import Problem

Load = Callable[[str], Catalog]
Problems = Callable[[str], tuple[Problem, ...]]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Loads a catalog from text."""

    def from_text(text: str) -> Catalog:
        file = tmp_path / "catalog.yml"
        file.write_text(dedent(text), encoding="utf-8")
        return load_catalog(file, {"HOME": "/home/op"})

    return from_text


@pytest.fixture
def problems(load: Load) -> Problems:
    """The problems of a catalog that must have some."""

    def of_text(text: str) -> tuple[Problem, ...]:
        with pytest.raises(CatalogError) as caught:
            load(text)
        return caught.value.problems

    return of_text


SERVICE = """\
services:
  api:
    environment: production
    platform: local
    database: ${API_DATABASE_URL}
"""


@pytest.fixture
def broken_service(problems: Problems) -> Problems:
    """The problems of a small service with these lines (from line 6 on) added to it."""

    def with_lines(lines: str) -> tuple[Problem, ...]:
        indented = "".join(f"    {line}\n" for line in dedent(lines).strip("\n").splitlines())
        return problems(SERVICE + indented)

    return with_lines


@pytest.fixture
def service_with(load: Load) -> Load:
    """The catalog of a small service with these lines added to it."""

    def with_lines(lines: str) -> Catalog:
        indented = "".join(f"    {line}\n" for line in dedent(lines).strip("\n").splitlines())
        return load(SERVICE + indented)

    return with_lines
