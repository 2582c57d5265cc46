"""A git working tree: what state it is in, files from an earlier commit, and marks on the present one.

Git's own program does all of it. Nothing is ever thrown away: before files are taken from a commit, whoever calls keeps
what they were (`paths_at_stake` says which). Hooks and filters of the repository run as they would for its people.
"""

import contextlib
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import psutil

from actions.errors import BackoutError, ConfigurationError, UnavailableError
from actions.platforms.local import LocalCommands, ordinary_surroundings
from actions.platforms.port import Command, Commands, Finished
from actions.redaction import redact

#: A lock that a git of ours left behind when it was killed; a living one holds it for moments.
STALE_SECONDS = 10.0
#: A question about a large tree takes seconds.
ANSWER_SECONDS = 120.0
_POINTER = "version https://git-lfs.github.com/spec/"


@dataclass(frozen=True, kw_only=True, slots=True)
class TreeFacts:
    """The state of a working tree, as far as going back has to know it."""

    top: Path
    head: str
    #: None: HEAD is detached, no branch moves when somebody commits.
    branch: str | None
    #: Changed or untracked files below the paths that were asked about.
    changed: tuple[str, ...]
    untracked: tuple[str, ...]
    #: A merge, rebase or the like that is under way.
    under_way: str | None


@dataclass(frozen=True, kw_only=True)
class GitTree:
    """Of the service's folder, which may lie anywhere inside the repository."""

    folder: Path
    environ: Mapping[str, str] = field(repr=False)
    commands: Commands = field(default_factory=LocalCommands)
    should_stop: Callable[[], bool] = lambda: False

    def stopping(self, should_stop: Callable[[], bool]) -> "GitTree":
        return replace(self, should_stop=should_stop)

    def look(self, paths: Sequence[str] = (".",)) -> TreeFacts:
        """ConfigurationError when the folder is in no repository, or git refuses to look at it."""
        top, head, *_ = self.said("rev-parse", "--show-toplevel", "HEAD").splitlines()
        branch = self.run("symbolic-ref", "--short", "--quiet", "HEAD")
        entries = self.output(
            "status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all", "--", *specs(paths)
        )
        listed = [entry for entry in entries.split("\0") if entry]
        return TreeFacts(
            top=Path(top), head=head, branch=branch.stdout.strip() if branch.succeeded else None,
            changed=tuple(entry[3:] for entry in listed if not entry.startswith("??")),
            untracked=tuple(entry[3:] for entry in listed if entry.startswith("??")),
            under_way=self._under_way(),
        )  # fmt: skip

    def commit_of(self, ref: str) -> str | None:
        """The commit that a name means now; with a `*`, the newest tag that fits. None when there is none."""
        if "*" in ref:
            found = self.output(
                "for-each-ref", "--sort=-creatordate", "--format=%(refname)", f"refs/tags/{ref}"
            ).split()
            return self.commit_of(found[0]) if found else None
        found_one = self.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
        return found_one.stdout.strip() if found_one.succeeded else None

    def alike(self, ref: str) -> tuple[str, ...]:
        """Tags and branches whose names begin like it, for whoever misspelt it."""
        beginning = ref.split("*", maxsplit=1)[0][:6]
        names = self.output("for-each-ref", "--format=%(refname:short)", "refs/tags", "refs/heads").split()
        return tuple(name for name in names if beginning and name.startswith(beginning))[:5]

    def files_in(self, commit: str, paths: Sequence[str]) -> tuple[str, ...]:
        """Files of a commit below the paths; submodules are none."""
        return tuple(name for kind, name in self._entries(commit, paths) if kind == "blob")

    def submodules_in(self, commit: str, paths: Sequence[str]) -> tuple[str, ...]:
        return tuple(name for kind, name in self._entries(commit, paths) if kind == "commit")

    def pointers_in(self, commit: str, paths: Sequence[str]) -> tuple[str, ...]:
        """Files that are kept in LFS: the commit has their pointers alone."""
        found = self.run("grep", "-l", "-z", "-I", "-F", "-e", _POINTER, commit, "--", *specs(paths))
        return tuple(name.partition(":")[2] for name in found.stdout.split("\0") if name)

    def has_lfs(self) -> bool:
        return self.run("lfs", "version").succeeded

    def paths_at_stake(self, commit: str, paths: Sequence[str]) -> tuple[str, ...]:
        """Every file that taking the paths from the commit may change, replace or remove, and untracked ones beside them."""
        here = self.output("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *specs(paths))
        both = {*(name for name in here.split("\0") if name), *self.files_in(commit, paths)}
        return tuple(sorted(both))

    def take(self, commit: str, paths: Sequence[str]) -> None:
        """The paths as they were then, in index and working tree; what came to them later goes."""
        self.let_go_of_stale_lock()
        self.must(*taking(commit, paths))

    def differing(self, commit: str, paths: Sequence[str]) -> tuple[str, ...]:
        """Files that taking the paths would change, bring or remove, as things are now."""
        listed = self.output("diff", "--name-only", "--relative", "--no-renames", "-z", commit, "--", *specs(paths))
        return tuple(name for name in listed.split("\0") if name)

    def is_taken(self, commit: str, paths: Sequence[str]) -> bool:
        staged = self.run(
            "diff", "--quiet", "--cached", "--ignore-submodules=all", "--no-renames", commit, "--", *specs(paths)
        )
        return (
            staged.succeeded and self.run("diff", "--quiet", "--ignore-submodules=all", "--", *specs(paths)).succeeded
        )

    def index_file(self) -> Path:
        return self.folder / self.said("rev-parse", "--git-path", "index")

    def mark_commit(self, message: str, at: datetime) -> str:
        """A commit of the present state: HEAD itself when nothing tracked is changed. The same moment and state make the
        same commit, so that a second try finds the first one's work."""
        if not self.look().changed:
            return self.said("rev-parse", "--verify", "HEAD")
        fresh = self.folder / self.said("rev-parse", "--git-path", "backout-index")
        when = at.strftime("%Y-%m-%dT%H:%M:%S+00:00")
        own = {
            "GIT_INDEX_FILE": str(fresh.absolute()), "GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when,
            **{f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER")
               for what, value in (("NAME", "Backout"), ("EMAIL", "backout@localhost"))},
        }  # fmt: skip
        aside = replace(self, environ={**self.environ, **own}, commands=_With(self.commands, own))
        try:
            aside.must("read-tree", "HEAD")
            aside.must("add", "--update", "--", ":/")
            tree = aside.must("write-tree").strip()
            return aside.must("commit-tree", tree, "-p", "HEAD", "-m", message).strip()
        finally:
            fresh.unlink(missing_ok=True)

    def named(self, name: str, kind: str) -> str | None:
        """The commit that a branch or tag of this name is on."""
        return self.commit_of(f"refs/{'heads' if kind == 'branch' else 'tags'}/{name}")

    def make_mark(self, name: str, kind: str, commit: str, *, message: str, at: datetime) -> None:
        when = at.strftime("%Y-%m-%dT%H:%M:%S+00:00")
        own = {"GIT_COMMITTER_NAME": "Backout", "GIT_COMMITTER_EMAIL": "backout@localhost", "GIT_COMMITTER_DATE": when}
        aside = replace(self, commands=_With(self.commands, own))
        if kind == "branch":
            aside.must("branch", "--no-track", name, commit)
        else:
            aside.must("-c", "tag.gpgSign=false", "tag", "--annotate", "-m", message, name, commit)

    def push(self, remote: str, name: str, kinds: Sequence[str]) -> None:
        refs = [f"refs/{'heads' if kind == 'branch' else 'tags'}/{name}" for kind in kinds]
        self.must("push", "--porcelain", "--atomic", remote, *(f"{ref}:{ref}" for ref in refs))

    def is_name(self, name: str) -> bool:
        return self.run("check-ref-format", "--branch", name).succeeded

    def has_remote(self, remote: str) -> bool:
        return remote in self.output("remote").split()

    def let_go_of_stale_lock(self) -> None:
        """One that a killed git left; never one that a living git of this tree may hold."""
        lock = self.folder / (self.said("rev-parse", "--git-path", "index") + ".lock")
        try:
            age = time.time() - lock.stat().st_mtime
        except OSError:
            return
        if age > STALE_SECONDS and not self._git_is_at_work():
            with contextlib.suppress(OSError):
                lock.unlink()

    def run(self, *words: str) -> Finished:
        """A question: it changes nothing, so it need not die with us, and is asked in the shortest way."""
        command = self.command(*words)
        began = time.monotonic()
        try:
            done = subprocess.run(
                command.argv, cwd=self.folder, env=dict(command.env), capture_output=True, stdin=subprocess.DEVNULL,
                timeout=ANSWER_SECONDS, check=False,
            )  # fmt: skip
        except FileNotFoundError as error:
            raise ConfigurationError(
                "git is not installed here, or the folder is gone", where=str(self.folder)
            ) from error
        except (OSError, subprocess.TimeoutExpired) as error:
            raise UnavailableError(f"`git {words[0]}` does not answer", where=str(self.folder)) from error
        return Finished(
            exit_code=done.returncode, stdout=done.stdout.decode(errors="surrogateescape"),
            stderr=done.stderr.decode(errors="replace"), seconds=time.monotonic() - began,
        )  # fmt: skip

    def command(self, *words: str) -> Command:
        quiet = {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C.UTF-8", "GIT_OPTIONAL_LOCKS": "0", "GIT_PAGER": "cat"}
        return Command(argv=("git", *words), folder=self.folder, env={**ordinary_surroundings(self.environ), **quiet})

    def must(self, *words: str) -> str:
        """A change. It dies with us."""
        return self._answered(words, self.commands.run(self.command(*words), should_stop=self.should_stop))

    def output(self, *words: str) -> str:
        """The answer to a question that has one."""
        return self._answered(words, self.run(*words))

    def _answered(self, words: Sequence[str], finished: Finished) -> str:
        if finished.succeeded:
            return finished.stdout
        if self.should_stop():
            raise BackoutError(f"It was stopped during `git {words[0]}`")
        lines = [line for line in redact(finished.stderr).splitlines() if line.strip()]
        said = next((line for line in lines if line.startswith(("fatal:", "error:", "!"))), lines[-1] if lines else "")
        verb = next((word for word in words if not word.startswith("-") and "=" not in word), words[0])
        error = UnavailableError if verb == "push" and "could not" in said.lower() else BackoutError
        raise error(
            f"git {verb} failed: {said[:300] or f'it ended with {finished.exit_code}'}", next_step=_remedy(said)
        )

    def said(self, *words: str) -> str:
        finished = self.run(*words)
        if finished.succeeded:
            return finished.stdout.strip()
        line = (redact(finished.stderr).strip().splitlines() or ["it says nothing"])[0]
        raise ConfigurationError(
            f"The folder is no git working tree that Backout can use: {line[:300]}", where=str(self.folder),
            next_step=_remedy(line) or "Correct the platform's folder, or make it a repository with a first commit.",
        )  # fmt: skip

    def _entries(self, commit: str, paths: Sequence[str]) -> list[tuple[str, str]]:
        # `ls-tree` knows no patterns: one of them among the paths, and the whole is looked at.
        plain = () if any("*" in path or path == "." for path in paths) else tuple(paths)
        listed = self.output("ls-tree", "-r", "-z", commit, *plain)
        found = []
        for entry in listed.split("\0"):
            meta, _, name = entry.partition("\t")
            if name and any(_fits(name, path) for path in paths):
                found.append((meta.split()[1], name))
        return found

    def _under_way(self) -> str | None:
        names = {
            "MERGE_HEAD": "a merge", "CHERRY_PICK_HEAD": "a cherry-pick", "REVERT_HEAD": "a revert", "rebase-merge": "a rebase",
            "rebase-apply": "a rebase", "BISECT_LOG": "a bisect", "index.lock": "another git command",
        }  # fmt: skip
        asked = [word for name in names for word in ("--git-path", name)]
        for place, what in zip(self.said("rev-parse", *asked).splitlines(), names.values(), strict=True):
            if (self.folder / place).exists():
                return what
        return None

    def _git_is_at_work(self) -> bool:
        for process in psutil.process_iter(["name", "cwd"]):
            cwd = process.info["cwd"]
            if process.info["name"] == "git" and cwd and Path(cwd).is_relative_to(self.folder.resolve()):
                return True
        return False


@dataclass(frozen=True, kw_only=False, slots=True)
class _With:
    """The same commands with some variables more."""

    inner: Commands
    more: Mapping[str, str]

    def run(self, command: Command, **how: object) -> Finished:
        return self.inner.run(replace(command, env={**command.env, **self.more}), **how)  # type: ignore[arg-type]


def taking(commit: str, paths: Sequence[str]) -> tuple[str, ...]:
    """The words behind `git` that take paths from a commit."""
    return (
        "restore", f"--source={commit}", "--staged", "--worktree", "--no-recurse-submodules", "--", *specs(paths),
    )  # fmt: skip


def specs(paths: Sequence[str]) -> list[str]:
    """Paths as git takes them, so that nothing in a name means anything but a `*`."""
    return [f":(glob){path}" if "*" in path else f":(literal){path.rstrip('/') or '.'}" for path in paths]


def _fits(name: str, path: str) -> bool:
    from fnmatch import fnmatchcase

    if "*" in path:
        words, pattern = name.split("/"), path.split("/")
        return len(words) == len(pattern) and all(map(fnmatchcase, words, pattern))
    path = path.rstrip("/")
    return path in ("", ".") or name == path or name.startswith(f"{path}/")


def _remedy(said: str) -> str | None:
    if "dubious ownership" in said:
        return "The repository belongs to another user: run Backout as that user, or add it to git's safe.directory."
    if "index.lock" in said:
        return "Another git works in this folder, or one died there: look, then try again."
    if "rejected" in said or "already exists" in said:
        return "A mark of this name is there already: choose another name, with {time} in it."
    return None
