"""Every way in which migrations cannot be read at all, each with a clear error."""

import sys
from datetime import timedelta
from pathlib import Path

import pytest

from actions.assess.scripts import UnreadableMigrationsError
from actions.errors import BackoutError, ConfigurationError, UnavailableError


def refused(project, **words: object) -> UnreadableMigrationsError:
    with pytest.raises(UnreadableMigrationsError) as caught:
        project.graph(**words)
    assert "Traceback" not in str(caught.value)
    assert caught.value.next_step
    return caught.value


def program(project, text: str) -> str:
    file = project.write("an-interpreter", f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return str(file)


def test_no_configuration(project) -> None:
    error = refused(project)
    assert error.code == "no_config"


def test_a_named_configuration_that_is_elsewhere(project) -> None:
    project.write("service/alembic.ini", "[alembic]\n")
    error = refused(project, config="alembic.ini")
    assert (error.code, error.candidates) == ("no_config", ("service/alembic.ini",))


def test_a_configuration_that_is_none(project) -> None:
    project.write("alembic.ini", "script_location = mig\n")
    assert refused(project).code == "bad_config"


def test_a_section_that_is_not_there(project) -> None:
    project.ini()
    error = refused(project, section="orders")
    assert (error.code, error.candidates) == ("no_section", ("alembic",))


def test_a_value_that_refers_to_nothing(project) -> None:
    project.ini("script_location = %(somewhere)s/mig")
    assert refused(project).code == "bad_config"


def test_a_separator_that_alembic_does_not_know(project) -> None:
    project.ini("script_location = mig\nversion_locations = a|b\npath_separator = |")
    assert refused(project).code == "bad_config"


def test_no_script_location(project) -> None:
    project.write("alembic.ini", "[alembic]\n")
    assert refused(project).code == "no_script_location"


def test_a_script_location_that_is_not_there(project) -> None:
    project.write("alembic.ini", "[alembic]\nscript_location = nowhere\n")
    error = refused(project)
    assert error.code == "no_script_folder"
    assert "nowhere" in error.what


def test_a_script_location_in_a_package_that_is_not_there(project) -> None:
    project.write("alembic.ini", "[alembic]\nscript_location = no_such_package:mig\n")
    assert refused(project).code == "no_script_folder"


def test_an_interpreter_without_alembic(project) -> None:
    project.ini()
    # -S leaves out site-packages: a Python with nothing installed.
    project.python = program(project, f'exec {sys.executable} -S "$@"')
    error = refused(project)
    assert error.code == "no_alembic"
    assert "cannot import alembic" in error.what


def test_an_interpreter_that_is_not_there(project) -> None:
    project.python = "/no/such/python"
    with pytest.raises(ConfigurationError, match=r"/no/such/python cannot be started"):
        project.graph()


def test_a_program_that_is_no_python(project) -> None:
    project.python = program(project, "echo sorry: password=hunter2 >&2; exit 4")
    with pytest.raises(ConfigurationError, match=r"exit code 4\): sorry") as caught:
        project.graph()
    assert "hunter2" not in str(caught.value)


def test_a_project_folder_that_is_not_there(project) -> None:
    project.folder = project.folder / "nowhere"
    with pytest.raises(ConfigurationError, match="nowhere"):
        project.graph()


def test_an_interpreter_that_hangs(project) -> None:
    project.python = program(project, "exec sleep 300")
    with pytest.raises(UnavailableError, match=r"did not end within 1\.5 s"):
        project.graph(deadline=timedelta(seconds=1.5))


def test_an_answer_that_was_cut_short(project) -> None:
    project.ini()
    project.script("aaaa0001")
    project.python = program(project, f'{sys.executable} "$@" | head -c 300')
    with pytest.raises(ConfigurationError, match="could not read"):
        project.graph()


def test_an_answer_in_another_form(project) -> None:
    project.ini()
    project.script("aaaa0001")
    project.python = program(project, f"""{sys.executable} "$@" | sed 's/"sha256"/"sha257"/'""")
    with pytest.raises(BackoutError, match="not of the form"):
        project.graph()


def test_too_many_scripts_that_end_the_process(project) -> None:
    project.ini()
    for number in range(6):
        project.script(f"{number:08x}", head="import os\nos._exit(1)")
    with pytest.raises(UnreadableMigrationsError) as caught:
        project.graph()
    assert caught.value.code == "too_many_bad_scripts"
    assert len(caught.value.candidates) == 5


def test_a_broken_graph_has_no_path(project) -> None:
    project.ini()
    project.script("aaaa0001", "0607bc5b8536")
    with pytest.raises(UnreadableMigrationsError) as caught:
        project.path("aaaa0001", "base")
    assert caught.value.code == "broken_graph"
    assert "0607bc5b8536" in str(caught.value)


def test_the_request_must_be_one(tmp_path: Path) -> None:
    import subprocess

    reader = Path(__file__).parents[2] / "actions/assess/reader.py"
    for text in ("", "[]", "{}", "not JSON"):
        done = subprocess.run(
            [sys.executable, reader], input=text, capture_output=True, text=True, cwd=tmp_path, check=False
        )
        assert (done.returncode, done.stdout) == (2, "")
        assert "Traceback" not in done.stderr
