"""The reader travels alone, to interpreters older than ours."""

import ast
import json
import subprocess
import sys
from pathlib import Path

from actions.assess import reader

FILE = Path(reader.__file__)


def test_it_is_valid_for_the_oldest_interpreter_it_promises() -> None:
    ast.parse(FILE.read_text(), feature_version=(3, 8))


def test_it_imports_nothing_of_ours_and_nothing_but_alembic_and_sqlalchemy() -> None:
    tree = ast.parse(FILE.read_text())
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    modules |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    tops = {(module or "").split(".")[0] for module in modules}
    assert tops - sys.stdlib_module_names == {"alembic", "sqlalchemy"}


def test_it_runs_as_a_file_with_its_request_on_standard_input(project) -> None:
    project.ini()
    project.script("aaaa0001")
    request = json.dumps({"nonce": "n0nce", "want": "graph"})
    argv = [sys.executable, str(FILE)]
    done = subprocess.run(argv, input=request, capture_output=True, text=True, cwd=project.folder, check=True)
    opening, body, closing = done.stdout.strip().splitlines()
    assert (opening, closing) == (f"<<<n0nce {len(body)}", "n0nce>>>")
    assert json.loads(body)["graph"]["heads"] == ["aaaa0001"]


def test_messages_are_bounded_and_without_secrets(monkeypatch) -> None:
    monkeypatch.setenv("SHOP_API_KEY", "tomato-soup")
    said = reader.clean("tomato-soup at postgresql://bob:pw@db/x " + "long " * 200)
    assert said.startswith("*** at postgresql://***@db/x long long")
    assert len(said) == reader.LONGEST_MESSAGE
