"""The way down is the one that Alembic itself would take, for every way to write a target."""

import io
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from hypothesis import given, settings
from hypothesis import strategies as st

from actions.assess import reader
from actions.assess.scripts import UnreadableMigrationsError
from tests.fuzzing import examples

ENV_PY = """
from alembic import context
context.configure(dialect_name="postgresql", as_sql=True)
with context.begin_transaction():
    context.run_migrations()
"""
IDS = ("aaaa0001", "bbbb0001", "bbbb0002", "cccc0001", "dddd0001", "eeee0001", "ffff0001", "ffff0002")
LABELS = ("left", "right", "island")


def ids(path: Any) -> list[str]:
    return [revision.id for revision in path.revisions]


def refused(project: Any, current: Any, target: str) -> UnreadableMigrationsError:
    with pytest.raises(UnreadableMigrationsError) as caught:
        project.path(current, target)
    return caught.value


def test_one_step_down(project) -> None:
    project.cold().branches()
    path = project.path("bbbb0002", "-1")
    assert ids(path) == ["bbbb0002"]
    assert path.ends_at == ("bbbb0001",)
    assert len(path.graph.revisions) == 8


def test_below_a_merge_both_branches_are_live(project) -> None:
    project.branches()
    path = project.path("dddd0001", "bbbb0002")
    assert ids(path) == ["dddd0001"]
    assert path.ends_at == ("bbbb0002", "cccc0001")
    assert path.revisions[0].version_after == ("bbbb0002", "cccc0001")


def test_nothing_to_do_is_an_empty_path(project) -> None:
    project.branches()
    path = project.path("bbbb0001", "bbbb0001")
    assert (ids(path), path.ends_at) == ([], ("bbbb0001",))


def test_several_heads_go_to_base_together(project) -> None:
    project.branches()
    path = project.path(["eeee0001", "ffff0002"], "base")
    assert sorted(ids(path)) == sorted(IDS)
    assert ids(path).index("ffff0001") < ids(path).index("bbbb0001")
    assert path.ends_at == ()


def test_a_step_from_several_heads_comes_with_alembics_warning(project) -> None:
    project.branches()
    path = project.path(["eeee0001", "ffff0002"], "-1")
    assert len(ids(path)) == 1
    assert "ambiguous" in path.warnings[0]


def test_a_revision_that_the_database_has_and_no_script_knows(project) -> None:
    project.branches()
    error = refused(project, "bbbb0003", "-1")
    assert error.code == "unknown_current"
    assert "Can't locate revision identified by 'bbbb0003'" in error.what
    assert "bbbb0002" in error.candidates
    assert "Restore it from git" in str(error)


@pytest.mark.parametrize(
    ("current", "target", "code", "candidates"),
    [
        ("eeee0001", "bbbb", "ambiguous_target", ("bbbb0001", "bbbb0002")),
        ("eeee0001", "bbbb0009", "unknown_target", None),
        ("eeee0001", "zz", "unknown_target", ()),
        ("eeee0001", "nobody@base", "unknown_target", None),
        ("bbbb0001", "eeee0001", "not_an_ancestor", None),
        ("bbbb0002", "-7", "too_far", None),
        ("eeee0001", "-3", "ambiguous_walk", None),
        ("eeee0001", "+1", "too_far", None),
        ("eeee0001", "head", "multiple_heads", ("eeee0001", "ffff0002")),
        ("eeee0001", " ", "invalid_target", ()),
    ],
)
def test_a_target_that_cannot_be_reached_is_refused_with_its_reason(project, current, target, code, candidates) -> None:
    project.branches()
    error = refused(project, current, target)
    assert error.code == code
    if candidates is not None:
        assert error.candidates == candidates


def test_scripts_that_do_not_load_and_missing_functions_do_not_hide_the_path(project) -> None:
    project.ini()
    project.script("aaaa0001")
    project.script("bbbb0001", "aaaa0001", head="import an_application_that_is_not_here")
    project.script("cccc0001", "bbbb0001", downgrade=None)
    path = project.path("cccc0001", "base")
    assert ids(path) == ["cccc0001", "bbbb0001", "aaaa0001"]
    assert path.revisions[0].downgrade.body == "missing"
    assert path.revisions[0].downgrade.not_called.code == "missing"
    assert path.revisions[1].failure.code == "import_error"
    assert path.revisions[1].downgrade.not_called.code == "unreadable"
    assert path.revisions[1].downgrade.source == "def downgrade():\n    pass"
    assert path.revisions[1].downgrade.opaque
    assert not path.revisions[2].downgrade.opaque


def test_a_path_of_the_real_thing_is_the_path_that_was_told(project, database_url: str) -> None:
    """Up and down for real: the version table holds after each way down what was foretold."""
    project.branches()
    project.write(
        "mig/env.py",
        """
        import os
        from alembic import context
        from sqlalchemy import create_engine
        url = os.environ["TARGET"].replace("postgresql://", "postgresql+psycopg://")
        with create_engine(url).connect() as connection:
            context.configure(connection=connection)
            with context.begin_transaction():
                context.run_migrations()
        """,
    )
    env = {"PATH": os.environ["PATH"], "TARGET": database_url}

    def alembic(*words: str) -> str:
        argv = [sys.executable, "-m", "alembic", *words]
        done = subprocess.run(argv, cwd=project.folder, env=env, capture_output=True, text=True, check=True)
        return done.stderr

    def live() -> tuple[str, ...]:
        with psycopg.connect(database_url) as connection:
            return tuple(sorted(row[0] for row in connection.execute("select version_num from alembic_version")))

    alembic("upgrade", "heads")
    foretold = project.path(list(live()), "bbbb0002")
    alembic("downgrade", "bbbb0002")
    assert live() == foretold.ends_at == ("bbbb0002", "cccc0001", "ffff0002")


# ---- any target at all, against Alembic's own choice


@pytest.fixture(scope="module")
def loaded(new_project: Callable[[], Any]) -> tuple[Path, Any]:
    project = new_project()
    project.branches()
    project.write("mig/env.py", ENV_PY)
    return project.folder, ScriptDirectory.from_config(config_of(project.folder))


def config_of(folder: Path, out: io.StringIO | None = None) -> Config:
    config = Config(output_buffer=out)
    config.set_main_option("script_location", str(folder / "mig"))
    return config


def alembics_choice(folder: Path, current: list[str], target: str) -> list[str] | None:
    """What `alembic downgrade --sql` prints that it is running; None if it fails."""
    out = io.StringIO()
    config = config_of(folder, out)
    try:
        if len(current) == 1:
            command.downgrade(config, f"{current[0]}:{target}", sql=True)
        else:
            several(config, current, target)
    except Exception:  # noqa: BLE001  whatever it is, the command would have failed
        return None
    return re.findall(r"^-- Running downgrade (\w+)", out.getvalue(), re.MULTILINE)


def several(config: Config, current: list[str], target: str) -> None:
    """The command line has no way to name several heads offline; the command's own body has."""
    script = ScriptDirectory.from_config(config)
    words = {"as_sql": True, "starting_rev": current, "destination_rev": target}
    with EnvironmentContext(config, script, fn=lambda rev, _: script._downgrade_revs(target, rev), **words):
        script.run_env()


def our_choice(script: Any, current: list[str], target: str) -> list[str] | str | None:
    try:
        steps, _ = reader.choose(script, current, target, "downgrade")
    except reader.ReaderError as error:
        return error.code
    # Where its bookkeeping gives up, Alembic fails on the way; we say so by not knowing where it ends.
    gives_up = steps and reader.versions_after(steps, current) is None
    return None if gives_up else [step.revision.revision for step in steps]


CODES = {
    "ambiguous_target",
    "ambiguous_walk",
    "invalid_target",
    "multiple_heads",
    "not_an_ancestor",
    "not_on_branch",
    "too_far",
    "unknown_target",
    None,
}
names = st.sampled_from([*IDS, *LABELS, *(id_[:5] for id_ in IDS), "base", "head", "heads", "bbbb", "bbb", "zzzz", ""])
numbers = st.integers(-9, 9).map(lambda number: f"{number:+d}")
targets = st.one_of(
    names,
    numbers,
    st.tuples(names, numbers).map("".join),
    st.tuples(names, names).map("@".join),
    st.tuples(names, numbers).map("@".join),
    st.tuples(names, names, numbers).map(lambda parts: f"{parts[0]}@{parts[1]}{parts[2]}"),
    st.text("abf01@+-:^ %é", max_size=9),
)
currents = st.sampled_from([
    *([id_] for id_ in IDS), ["eeee0001", "ffff0002"], ["bbbb0002", "cccc0001"], ["ffff0001", "dddd0001"],
])  # fmt: skip


@given(current=currents, target=targets)
@settings(max_examples=examples(50), deadline=None)
@pytest.mark.filterwarnings("ignore:downgrade -1 from multiple heads")
def test_any_target_leads_where_alembic_would_go(loaded: tuple[Path, Any], current: list[str], target: str) -> None:
    folder, script = loaded
    if not target.strip() or ":" in target:
        # Refused by us before Alembic is asked, or Alembic's own way to write a range.
        return
    ours, alembics = our_choice(script, current, target), alembics_choice(folder, current, target)
    assert ours in CODES if alembics is None else ours == alembics
