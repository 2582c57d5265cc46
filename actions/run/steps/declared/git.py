"""Marks on the present state of a git tree, and files taken from an earlier one, as steps."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from actions.errors import BackoutError, ConfigurationError
from actions.history.canonical import JsonObject
from actions.release.git_files import TakenFiles
from actions.release.git_tree import GitTree
from actions.run.action import Answer, Done, Moment, Partly, Untouched
from actions.run.steps.declared.base import keeper_for, step_of
from actions.run.steps.site import Site


def tree_of(site: Site) -> GitTree:
    return GitTree(folder=site.house.folder, environ=site.environ)


@dataclass(frozen=True, kw_only=True)
class GitMark:
    """A branch and a tag on the present state. They stay when the run is undone: they harm nobody."""

    site: Site

    def ask(self, at: Moment) -> Answer:
        commit = (at.step.captured or {}).get("commit")
        if commit is None:
            return Untouched()
        step, tree = step_of(at), tree_of(self.site)
        made = all(tree.named(_name(at), kind) == commit for kind in step.kinds)
        # Whether it was pushed is for the remote to say: pushing the same again changes nothing there.
        return Done(result=_result(at, str(commit))) if made and step.push_to is None else Partly(what="marks in part")

    def do(self, at: Moment) -> JsonObject:
        step, tree, name = step_of(at), tree_of(self.site).stopping(at.should_stop), _name(at)
        moment = (at.rollback.started_at or at.rollback.requested_at).astimezone(UTC)
        message = str(at.step.parameters.get("message") or f"Before {at.rollback.id}")
        commit = (at.step.captured or {}).get("commit")
        if not isinstance(commit, str):
            commit = tree.mark_commit(message, moment)
            at.capture({**(at.step.captured or {}), "commit": commit})
        for kind in step.kinds:
            self._make(tree, kind, name, commit, message=message, moment=moment)
        if step.push_to:
            tree.push(step.push_to, name, step.kinds)
        return _result(at, commit)

    def undo(self, at: Moment) -> None:
        """They harm nobody."""

    @staticmethod
    def _make(tree: GitTree, kind: str, name: str, commit: str, *, message: str, moment: datetime) -> None:
        there = tree.named(name, kind)
        if there == commit:
            return
        if there is not None:
            raise BackoutError(
                f"There is a {kind} {name} already, and it is on another commit", next_step="Put {time} into its name."
            )
        tree.make_mark(name, kind, commit, message=message, at=moment)


@dataclass(frozen=True, kw_only=True)
class GitRestore:
    """Files as an earlier commit has them; HEAD stays where it is. All of them are kept first, changed or not."""

    site: Site

    def ask(self, at: Moment) -> Answer:
        if at.step.captured is None:
            return Untouched()
        if self._files(at).are_taken():
            return Done(result={"commit": _commit(at)})
        return Partly(what="some files may be taken already")

    def do(self, at: Moment) -> JsonObject:
        files = self._files(at)
        files.keep(at.should_stop)
        captured: dict[str, Any] = {**(at.step.captured or {}), "kept": True}
        at.capture(captured)
        at.capture({**captured, "index": files.take()})
        return {"commit": files.commit, "files": len(files.tree.files_in(files.commit, files.paths))}

    def undo(self, at: Moment) -> None:
        if at.step.captured is None:
            return
        mark = at.step.captured.get("index")
        if not self._files(at).give_back(mark if isinstance(mark, str) else None):
            at.note("index_left", {"because": "somebody staged something meanwhile: git's index stays as it is"})

    def _files(self, at: Moment) -> TakenFiles:
        tree = tree_of(self.site).stopping(at.should_stop)
        archive = keeper_for(self.site, at, tree.folder).archive
        return TakenFiles(tree=tree, archive=archive, commit=_commit(at), paths=step_of(at).git_restore)


def _commit(at: Moment) -> str:
    commit = at.step.parameters.get("commit")
    if not isinstance(commit, str):
        raise ConfigurationError(
            "Which commit the files come from was not known when it was approved", next_step="Ask again."
        )
    return commit


def _name(at: Moment) -> str:
    return str(at.step.parameters["name"])


def _result(at: Moment, commit: str) -> JsonObject:
    step = step_of(at)
    return {"name": _name(at), "kinds": list(step.kinds), "commit": commit, "pushed_to": step.push_to}
