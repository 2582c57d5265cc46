"""Files from an earlier commit, and marks: taken once, undone exactly, and nothing is ever lost."""

import os
from pathlib import Path

from garage import LEAD, Garage, fails

from actions.history.lifecycle import Status
from actions.history.values import Voice
from actions.release.git_tree import GitTree
from actions.run.answering import Vote, vote

RESTORE = {"git_restore": ["src", "config.yml"], "ref": "HEAD~1"}


def two_commits(garage: Garage) -> None:
    garage.commit("first", src__app_dot_py="old", config_dot_yml="a: 1\n", docs__x_dot_md="one")
    garage.commit(
        "second", src__app_dot_py="new", src__extra_dot_py="extra", config_dot_yml="a: 2\n", docs__x_dot_md="two"
    )


def tree(garage: Garage) -> dict[str, tuple[bytes, int]]:
    files = [path for path in garage.folder.rglob("*") if path.is_file() and ".git" not in path.parts]
    return {str(path.relative_to(garage.folder)): (path.read_bytes(), path.stat().st_mode) for path in files}


def test_paths_come_from_the_commit_and_what_came_later_goes(garage: Garage) -> None:
    two_commits(garage)
    rollback = garage.run([RESTORE])
    assert garage.status(rollback) is Status.SUCCEEDED, garage.outcome(rollback)
    assert garage.read("src/app.py") == "old"
    assert garage.read("config.yml") == "a: 1\n"
    assert not (garage.folder / "src/extra.py").exists()
    assert garage.read("docs/x.md") == "two", "what was not named stays"
    assert garage.git("rev-parse", "--abbrev-ref", "HEAD") == "main", "HEAD stays where it is"


def test_a_pattern_stands_beside_plain_paths(garage: Garage) -> None:
    garage.commit("first", src__a__README_dot_md="old", src__a__app_dot_py="old", config_dot_yml="old")
    garage.commit(
        "second",
        src__a__README_dot_md="new",
        src__a__app_dot_py="new",
        config_dot_yml="new",
        src__b__README_dot_md="later",
    )
    rollback = garage.run([{"git_restore": ["config.yml", "src/*/README.md"], "ref": "HEAD~1"}, fails()])
    assert garage.status(rollback) is Status.FAILED
    assert [garage.read(name) for name in ("config.yml", "src/a/README.md", "src/b/README.md")] == [
        "new",
        "new",
        "later",
    ]
    rollback = garage.run([{"git_restore": ["config.yml", "src/*/README.md"], "ref": "HEAD~1"}])
    assert garage.status(rollback) is Status.SUCCEEDED, garage.outcome(rollback)
    assert [garage.read(name) for name in ("config.yml", "src/a/README.md", "src/a/app.py")] == ["old", "old", "new"]
    assert not (garage.folder / "src/b/README.md").exists(), "the commit has none"
    listed = GitTree(folder=garage.folder, environ=os.environ).files_in("HEAD", ["config.yml", "src/*/README.md"])
    assert sorted(listed) == ["config.yml", "src/a/README.md", "src/b/README.md"]


def test_undo_gives_back_every_byte_also_what_was_never_committed(garage: Garage) -> None:
    two_commits(garage)
    garage.write("src/app.py", "changed by hand\r\n")
    garage.write("src/untracked.txt", "nobody knows me")
    (garage.folder / "src/extra.py").chmod(0o755)
    garage.write("docs/x.md", "staged")
    garage.git("add", "docs/x.md")
    before, said = tree(garage), garage.git("status", "--porcelain")
    rollback = garage.run([RESTORE, fails()])
    assert garage.status(rollback) is Status.FAILED
    assert garage.codes(rollback)["RB104"] == "medium"
    assert tree(garage) == before
    assert garage.git("status", "--porcelain") == said
    assert "everything that was done is undone" in garage.outcome(rollback)


def test_an_ignored_file_that_the_commit_has_is_kept_too(garage: Garage) -> None:
    garage.commit("first", _dot_env="OLD=1\n", src__a="1", config_dot_yml="x")
    garage.git("rm", "-q", "--cached", ".env")
    garage.commit("second", _dot_gitignore=".env\n", src__a="2")
    garage.write(".env", "SECRET=today\n")
    rollback = garage.run([{"git_restore": ".env", "ref": "HEAD~1"}, fails()])
    assert garage.status(rollback) is Status.FAILED
    assert garage.read(".env") == "SECRET=today\n"
    kept = list((garage.home / "kept").rglob("*.tar.gz"))
    assert kept
    assert all(path.stat().st_mode & 0o077 == 0 for path in kept), "for us alone"


def test_the_whole_tree_comes_from_a_tag_and_head_may_be_detached(garage: Garage) -> None:
    two_commits(garage)
    garage.git("tag", "pre-simplification-20251101", "HEAD~1")
    garage.git("checkout", "-q", "--detach")
    rollback = garage.run([{"git_restore": ".", "ref": "pre-simplification-*"}])
    assert garage.status(rollback) is Status.SUCCEEDED
    assert garage.codes(rollback)["RB105"] == "low"
    assert garage.read("docs/x.md") == "one"
    assert not (garage.folder / "src/extra.py").exists()


def test_what_cannot_work_is_refused_before_anything_is_touched(garage: Garage) -> None:
    two_commits(garage)
    garage.git("tag", "release-1")
    before = tree(garage)
    for step, code in (
        ({"git_restore": "src", "ref": "release-2"}, "RB102"),
        ({"git_restore": "srk", "ref": "HEAD~1"}, "RB103"),
        ({"git_mark": "release-1", "kinds": ["tag"]}, "RB109"),
        ({"git_mark": "fine", "push_to": "nowhere"}, "RB109"),
        ({"git_mark": "no name at all.."}, "RB109"),
    ):
        rollback = garage.run([step])
        assert garage.status(rollback) is Status.REFUSED, step
        assert garage.codes(rollback)[code] == "critical"
    rollback = garage.run([{"git_restore": "src", "ref": "release-2"}])
    assert "There is release-1." in str(garage.shown(rollback)["findings"])
    assert tree(garage) == before


def test_a_tree_in_the_middle_of_a_merge_is_left_alone(garage: Garage) -> None:
    two_commits(garage)
    garage.git("checkout", "-q", "-b", "side", "HEAD~1")
    garage.commit("side", src__app_dot_py="side")
    garage.git("checkout", "-q", "main")
    garage.git("merge", "side", check=False)
    rollback = garage.run([RESTORE])
    assert garage.status(rollback) is Status.REFUSED
    assert "RB108" in garage.codes(rollback)


def test_submodules_and_large_files_are_recognised_and_told(garage: Garage, tmp_path: Path) -> None:
    inner = Garage(folder=tmp_path / "inner", home=garage.home, history=garage.history)
    inner.commit("inner", a="1")
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 5\n"
    garage.commit("first", src__model_dot_bin=pointer, src__app="1")
    garage.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner.folder), "lib/inner")
    garage.commit("second", src__app="2")
    garage.commit("third", src__app="3")
    rollback = garage.run([{"git_restore": "lib", "ref": "HEAD~1"}])
    assert garage.codes(rollback)["RB106"] == "medium"
    rollback = garage.run([{"git_restore": "src", "ref": "HEAD~1"}])
    lfs = garage.codes(rollback)["RB107"]
    here = garage.git("lfs", "version", check=False)
    assert lfs == ("low" if here else "critical")
    assert garage.status(rollback) is (Status.SUCCEEDED if here else Status.REFUSED)


def test_a_mark_is_a_branch_and_an_annotated_tag_that_a_remote_gets_too(garage: Garage, tmp_path: Path) -> None:
    two_commits(garage)
    garage.git("init", "-q", "--bare", str(tmp_path / "origin.git"))
    garage.git("remote", "add", "origin", str(tmp_path / "origin.git"))
    garage.write("src/app.py", "changed, not committed")
    mark = {"git_mark": "backup-{date}-{rollback}", "push_to": "origin", "message": "Before: {reason}"}
    rollback = garage.run([mark, RESTORE, fails()])
    name = garage.steps(rollback)["back-1-git-mark"].parameters["name"]
    assert isinstance(name, str)
    assert name.endswith(f"-{rollback}")
    for where in (garage.folder, tmp_path / "origin.git"):
        assert garage.git("-C", str(where), "show", f"refs/heads/{name}:src/app.py") == "changed, not committed"
        assert garage.git("-C", str(where), "cat-file", "-t", f"refs/tags/{name}") == "tag"
    assert "Before: it broke" in garage.git("tag", "-n", "-l", name)
    assert garage.read("src/app.py") == "changed, not committed", "and the tree is as it was"


def test_what_head_meant_when_it_was_approved_is_what_is_taken(garage: Garage) -> None:
    """Somebody commits between the approval and the run: then it is asked anew, and never one commit too far."""
    two_commits(garage)
    garage.entry = {"environment": "staging", "policy": {"quorum": 1}}
    catalog = garage.catalog(back=[RESTORE])
    rollback = garage.ask(catalog)
    assert garage.go_on(catalog, rollback) is Status.WAITING
    first = garage.shown(rollback)["digest"]
    garage.commit("third", src__app_dot_py="newest")
    vote(garage.history, catalog.service("garage"), rollback, LEAD, Vote(voice=Voice.APPROVE, digest=str(first)))
    assert garage.go_on(catalog, rollback) is Status.WAITING
    assert garage.read("src/app.py") == "newest"
    assert garage.shown(rollback)["digest"] != first


def test_the_application_goes_back_by_its_files_is_built_and_comes_again(garage: Garage) -> None:
    """`application: {git: ...}` and `{setting: ...}`, as every built-in runbook uses them."""
    two_commits(garage)
    garage.write(".env", "RELEASE=new # now\n")
    garage.entry = {
        "application": [
            {"git": "HEAD~1", "paths": ["src"], "build": [["cp", "src/app.py", "built"]]},
            {"setting": "RELEASE", "to": "old"},
        ]
    }  # fmt: skip
    rollback = garage.run([{"do": "release"}, fails()])
    assert garage.status(rollback) is Status.FAILED, garage.outcome(rollback)
    assert (garage.read("src/app.py"), garage.read("built"), garage.read(".env")) == (
        "new",
        "new",
        "RELEASE=new # now\n",
    )
    assert garage.read("src/extra.py") == "extra"
    rollback = garage.run([{"do": "release"}])
    assert garage.status(rollback) is Status.SUCCEEDED, garage.outcome(rollback)
    assert (garage.read("src/app.py"), garage.read("built"), garage.read(".env")) == (
        "old",
        "old",
        "RELEASE=old # now\n",
    )
    assert not (garage.folder / "src/extra.py").exists()


def test_a_runbook_may_fetch_its_older_release_on_the_way(garage: Garage) -> None:
    """The release is not there when it begins; a built-in runbook would be refused by then."""
    two_commits(garage)
    writer = {
        "command": {"stop": ["touch", "stopped"], "start": ["rm", "stopped"], "status": ["test", "!", "-e", "stopped"]}
    }
    garage.entry = {
        "application": [{"git": "v0.9", "paths": ["src"]}], "writers": {"stop": [{**writer, "name": "worker"}]},
    }  # fmt: skip
    fetch = {
        "run": {"argv": ["git", "tag", "v0.9", "HEAD~1"]},
        "undo": [{"run": {"argv": ["git", "tag", "-d", "v0.9"]}}],
    }
    rollback = garage.run([{"stop": "all"}, fetch, {"do": "release"}, {"start": "all"}])
    assert garage.status(rollback) is Status.SUCCEEDED, garage.outcome(rollback)
    assert garage.read("src/app.py") == "old"
