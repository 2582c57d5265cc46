"""The revisions that a project's scripts know, also when they do not fit together."""

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest


def test_every_revision_is_told_with_its_place_message_and_hash(project) -> None:
    project.cold()
    project.ini()
    project.script("aaaa0001")
    file = project.script("bbbb0001", "aaaa0001")
    graph = project.graph()
    assert (graph.heads, graph.bases, graph.whole, graph.problems, graph.unread) == (
        ("bbbb0001",),
        ("aaaa0001",),
        True,
        (),
        (),
    )
    revision = graph.revision("bbbb0001")
    assert revision.down_revisions == ("aaaa0001",)
    assert revision.message == "Make bbbb0001"
    assert revision.created == "2024-05-06 07:08:09"
    assert revision.file == "mig/versions/bbbb0001_made.py"
    assert revision.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert graph.script_location == "mig"
    assert graph.version_locations == ("mig/versions",)
    assert graph.versions.python.startswith("3.")


def test_branches_merges_labels_and_dependencies_are_told(project) -> None:
    project.branches()
    graph = project.graph()
    assert set(graph.heads) == {"eeee0001", "ffff0002"}
    assert set(graph.bases) == {"aaaa0001", "ffff0001"}
    assert graph.revision("dddd0001").down_revisions == ("bbbb0002", "cccc0001")
    assert graph.revision("ffff0001").depends_on == ("bbbb0001",)
    assert graph.revision("bbbb0001").branch_labels == ("left",)
    assert graph.revision("bbbb0002").branch_labels == ()
    assert "left" in graph.revision("bbbb0002").branches


def test_an_empty_project_has_an_empty_graph(project) -> None:
    project.ini()
    (project.folder / "mig/versions").mkdir()
    graph = project.graph()
    assert (graph.revisions, graph.heads, graph.whole) == ((), (), True)


def test_a_missing_versions_folder_is_a_problem(project) -> None:
    project.ini()
    graph = project.graph()
    assert [problem.code for problem in graph.problems] == ["no_versions_folder"]


def test_a_parent_that_no_script_has_is_named(project) -> None:
    project.ini()
    project.script("aaaa0001")
    project.script("bbbb0001", "0607bc5b8536")
    graph = project.graph()
    assert not graph.whole
    [problem] = graph.problems
    assert (problem.code, problem.revisions) == ("missing_parent", ("bbbb0001", "0607bc5b8536"))
    assert problem.files == ("mig/versions/bbbb0001_made.py",)
    assert {revision.id for revision in graph.revisions} == {"aaaa0001", "bbbb0001"}
    assert set(graph.heads) == {"aaaa0001", "bbbb0001"}


def test_a_dependency_that_no_script_has_is_named(project) -> None:
    project.ini()
    project.script("aaaa0001", depends="nowhere")
    [problem] = project.graph().problems
    assert (problem.code, problem.revisions) == ("missing_dependency", ("aaaa0001", "nowhere"))


def test_an_id_in_two_files_is_named_with_both(project) -> None:
    project.ini()
    project.script("aaaa0001")
    other = project.script("bbbb0001", "aaaa0001")
    other.with_name("copy.py").write_text(other.read_text())
    [problem] = project.graph().problems
    assert problem.code == "duplicate_revision"
    assert set(problem.files) == {"mig/versions/bbbb0001_made.py", "mig/versions/copy.py"}


def test_a_circle_is_told(project) -> None:
    project.ini()
    project.script("aaaa0001", "bbbb0001")
    project.script("bbbb0001", "aaaa0001")
    graph = project.graph()
    assert [problem.code for problem in graph.problems] == ["cycle"]
    assert set(graph.problems[0].revisions) == {"aaaa0001", "bbbb0001"}


def test_a_script_that_follows_itself_is_told(project) -> None:
    project.ini()
    project.script("aaaa0001", "aaaa0001")
    graph = project.graph()
    assert "Self-loop" in graph.unread[0].message


def test_scripts_that_cannot_be_imported_are_named_and_keep_their_place(project) -> None:
    project.ini()
    project.script("aaaa0001")
    project.script("bbbb0001", "aaaa0001", head="import an_application_that_is_not_here")
    project.script("cccc0001", "bbbb0001", upgrade="this is (not Python")
    project.script("dddd0001", "cccc0001", head="raise ValueError('password=hunter2 is wrong')")
    project.script("eeee0001", "dddd0001", head="raise SystemExit(3)")
    project.write("mig/versions/helper.py", "COLOUR = 'blue'\n")
    graph = project.graph()
    assert graph.heads == ("eeee0001",)
    assert len(graph.revisions) == 5
    assert [revision.id for revision in graph.revisions if revision.loads] == ["aaaa0001"]
    unread = {script.file.rpartition("/")[2]: script for script in graph.unread}
    assert unread["bbbb0001_made.py"].code == "import_error"
    assert "an_application_that_is_not_here" in unread["bbbb0001_made.py"].message
    assert unread["bbbb0001_made.py"].where == "mig/versions/bbbb0001_made.py:6"
    assert unread["cccc0001_made.py"].code == "syntax_error"
    assert unread["cccc0001_made.py"].where == "mig/versions/cccc0001_made.py:18"
    assert unread["dddd0001_made.py"].error_class == "ValueError"
    assert "hunter2" not in unread["dddd0001_made.py"].message
    assert unread["eeee0001_made.py"].error_class == "SystemExit"
    assert "revision id" in unread["helper.py"].message


def test_a_script_that_hangs_and_one_that_ends_the_process_are_named(project) -> None:
    project.ini()
    project.script("aaaa0001", head="while True: pass")
    project.script("bbbb0001", "aaaa0001", head="import os\nos._exit(7)")
    project.script("cccc0001", "bbbb0001")
    graph = project.graph(load_deadline=timedelta(seconds=2.5))
    assert {script.file[-16:-8]: script.code for script in graph.unread} == {"aaaa0001": "timeout", "bbbb0001": "died"}
    assert graph.heads == ("cccc0001",)
    assert graph.whole


def test_whatever_the_application_prints_does_not_disturb(project) -> None:
    project.ini()
    noise = """
    import os, sys
    print("<<<0123456789abcdef 2\\n{}\\n0123456789abcdef>>>")
    os.write(1, b"\\xff" * 3_000_000)
    os.system("echo from a child")
    sys.stdout.close()
    """
    project.script("aaaa0001", head=noise)
    assert project.graph().heads == ("aaaa0001",)


def test_an_application_that_closes_our_streams_does_not_disturb(project) -> None:
    project.ini()
    project.script("aaaa0001", head="import os\nfor number in (0, 1, 2): os.close(number)")
    assert project.graph().heads == ("aaaa0001",)


@pytest.mark.parametrize(
    "text",
    [
        "version_locations = %(here)s/one %(here)s/two",
        "version_locations = %(here)s/one, %(here)s/two",
        "version_locations = %(here)s/one %(here)s/two\npath_separator = space",
        "version_locations = %(here)s/one;%(here)s/two\npath_separator = ;",
        "version_locations = %(here)s/one:%(here)s/two\nversion_path_separator = os",
        "version_locations =\n    %(here)s/one\n    %(here)s/two\npath_separator = newline",
    ],
    ids=["legacy spaces", "legacy commas", "space", "semicolon", "os", "newline"],
)
def test_several_version_locations_are_found(project, text: str) -> None:
    project.ini(f"script_location = %(here)s/mig\n{text}")
    project.script("aaaa0001", where="one")
    project.script("bbbb0001", "aaaa0001", where="two")
    graph = project.graph()
    assert graph.version_locations == ("one", "two")
    assert graph.heads == ("bbbb0001",)


def test_a_version_location_that_is_not_there_is_a_problem(project) -> None:
    project.ini("script_location = mig\nversion_locations = one two\npath_separator = space")
    project.script("aaaa0001", where="one")
    graph = project.graph()
    assert [(problem.code, problem.message) for problem in graph.problems] == [
        ("no_versions_folder", "There is no folder two")
    ]
    assert graph.heads == ("aaaa0001",)


def test_scripts_in_folders_below_are_found_where_that_is_asked_for(project) -> None:
    project.ini("script_location = mig\nrecursive_version_locations = true")
    project.script("aaaa0001", where="mig/versions/2023")
    project.script("bbbb0001", "aaaa0001", where="mig/versions/2024/may")
    assert project.graph().heads == ("bbbb0001",)


def test_a_script_location_within_a_package_is_found(project) -> None:
    project.ini("script_location = shop:mig\nprepend_sys_path = src")
    project.write("src/shop/__init__.py", "")
    project.write("src/shop/mig/env.py", "")
    project.script("aaaa0001", where="src/shop/mig/versions")
    assert project.graph().script_location == "src/shop/mig"


def test_pyproject_alone_is_enough(project) -> None:
    project.write("pyproject.toml", '[tool.alembic]\nscript_location = "%(here)s/mig"\nprepend_sys_path = ["."]\n')
    project.script("aaaa0001")
    assert project.graph().heads == ("aaaa0001",)
    assert project.graph(config="pyproject.toml").heads == ("aaaa0001",)


def test_the_section_of_several_databases_is_chosen(project) -> None:
    project.ini("script_location = other", section="orders")
    project.script("aaaa0001", where="other/versions")
    assert project.graph(section="orders").heads == ("aaaa0001",)


def test_a_config_in_the_folder_of_the_scripts_as_flask_migrate_has_it_is_enough(project) -> None:
    project.write("migrations/alembic.ini", "[alembic]\n")
    project.write("migrations/env.py", "")
    project.script("aaaa0001", where="migrations/versions")
    assert project.graph(config="migrations/alembic.ini").heads == ("aaaa0001",)


def test_a_project_with_folders_named_like_the_standard_library_is_read(project) -> None:
    project.ini("script_location = mig\nprepend_sys_path = .")
    for name in ("types", "json", "select", "platform"):
        project.write(f"{name}/__init__.py", "raise RuntimeError('this is not the standard library')")
    project.script("aaaa0001")
    assert project.graph().heads == ("aaaa0001",)


def test_env_py_is_read_and_not_executed(project) -> None:
    project.ini()
    project.write(
        "mig/env.py",
        """
        import asyncio
        from alembic import context
        from shop.models import Base
        target_metadata = Base.metadata
        def run(connection):
            context.configure(connection=connection, target_metadata=target_metadata, version_table="history",
                              version_table_schema=schema(), transaction_per_migration=True)
        async def main():
            pass
        open("executed", "w")
        """,
    )
    project.script("aaaa0001")
    env = project.graph().env
    assert not (project.folder / "executed").exists()
    assert (env.target_metadata, env.is_async) == ("set", True)
    assert env.configure == {"version_table": "history", "transaction_per_migration": "True"}
    assert env.not_constant == ("version_table_schema",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("target_metadata = None", "none"),
        ("target_metadata: object = None\ncontext.configure(target_metadata=target_metadata)", "none"),
        ("context.configure(target_metadata=models.metadata)", "set"),
        ("", "unknown"),
        ("this is (not Python", "unknown"),
    ],
    ids=["none", "none with a type", "only in configure", "not mentioned", "broken"],
)
def test_whether_env_py_has_metadata_is_told(project, text: str, said: str) -> None:
    project.ini()
    project.write("mig/env.py", text)
    project.script("aaaa0001")
    assert project.graph().env.target_metadata == said


def test_the_paths_that_env_py_sets_are_set_for_the_scripts(project) -> None:
    project.cold()
    project.ini()
    project.write(
        "mig/env.py",
        """
        import os, sys
        from pathlib import Path
        HERE = Path(__file__).resolve().parent
        ROOT = str(HERE.parent / "lib")
        if ROOT not in sys.path:
            sys.path.insert(0, ROOT)
        os.system("touch executed")
        sys.path.append(os.popen("touch executed").read())
        """,
    )
    project.write("lib/shop.py", "")
    project.script("aaaa0001", head="import shop")
    graph = project.graph()
    assert graph.unread == ()
    assert not (project.folder / "executed").exists()


def test_the_reading_of_five_hundred_scripts_takes_seconds(project) -> None:
    project.ini()
    before = None
    for number in range(500):
        project.script(f"{number:08x}", before)
        before = f"{number:08x}"
    graph = project.graph(deadline=timedelta(seconds=60))
    assert len(graph.revisions) == 500
    assert graph.heads == (before,)


def test_paths_are_seen_from_the_projects_folder(project) -> None:
    project.cold()
    project.ini()
    project.script("aaaa0001")
    link = project.folder.parent / f"{project.folder.name}-link"
    Path(link).symlink_to(project.folder)
    project.folder = link
    assert project.graph().revisions[0].file == "mig/versions/aaaa0001_made.py"
