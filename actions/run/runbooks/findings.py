"""RB: declared runbooks: whether their steps can work as things are now, and what they would touch that nobody expects.

What cannot work (`impossible`) is refused by every policy, before anything is touched.
"""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from actions.assess.values import Finding
from actions.catalog.risk import Risk
from actions.files.switching import read
from actions.release.git_tree import GitTree, TreeFacts
from actions.run.runbooks.drafting import Draft
from actions.run.runbooks.tickable import FOR_PERSON
from actions.run.steps.site import Site

_SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One draft and what was found out about it; what all of them share is looked at once."""

    site: Site
    drafts: tuple[Draft, ...]
    draft: Draft
    now: datetime
    #: The service's git tree; None when the runbook needs none.
    tree: GitTree | None = None
    #: Why it cannot be used, where it cannot.
    tree_trouble: str | None = None
    facts: TreeFacts | None = None
    commit: str | None = None
    #: Volume to the name of its newest archive and when it was made; None when nobody looked.
    archives: Mapping[str, tuple[str, datetime] | None] | None = None
    #: Why the export's template does not fit the database.
    export_trouble: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def step(self) -> Any:
        return self.draft.step

    @property
    def kind(self) -> str:
        return self.draft.kind


def no_tree(seen: Seen) -> Iterator[Finding]:
    """RB101: the service's folder is in no git repository, or git refuses to look at it."""
    if seen.kind in ("git_mark", "git_restore") and seen.tree_trouble:
        yield _impossible(
            seen, "RB101", seen.tree_trouble, "Correct the platform's `folder`, or the repository's owner."
        )


def no_commit(seen: Seen) -> Iterator[Finding]:
    """RB102: the commit, tag or branch that files are to come from is not there."""
    if seen.kind != "git_restore" or seen.tree is None or seen.commit is not None:
        return
    alike = seen.tree.alike(seen.step.ref)
    hint = (
        f"There is {', '.join(alike)}."
        if alike
        else "Was it ever made here? `git fetch --tags` brings those of a remote."
    )
    yield _impossible(seen, "RB102", f"There is no commit, tag or branch {seen.step.ref}", hint)


def paths_not_there(seen: Seen) -> Iterator[Finding]:
    """RB103: a path is neither in the commit nor here: it is misspelt, or the commit is the wrong one.

    One that is here and not in the commit came later; it goes (and is kept). That is low, and said.
    """
    if seen.kind != "git_restore" or seen.tree is None or seen.commit is None:
        return
    for path in seen.step.git_restore:
        then = bool(seen.tree.files_in(seen.commit, [path]))
        if then:
            continue
        if seen.tree.paths_at_stake(seen.commit, [path]):
            yield _finding(
                seen,
                "RB103",
                Risk.LOW,
                path,
                f"{path} came after {seen.step.ref}: it goes, and is kept for the way back",
            )
        else:
            yield _impossible(
                seen, "RB103", f"{path} is neither in {seen.step.ref} nor here", "Correct the path.", path
            )


def changed_files(seen: Seen) -> Iterator[Finding]:
    """RB104: files that are taken from an earlier commit have changes that were never committed.

    They are kept and come back when the run is undone; after a success they are in what was kept alone.
    """
    if seen.kind != "git_restore" or seen.tree is None or seen.commit is None:
        return
    here = seen.tree.look(seen.step.git_restore)
    touched = [*here.changed, *here.untracked]
    if here.changed:
        names = _some(here.changed)
        yield _finding(
            seen, "RB104", Risk.MEDIUM, names, f"{len(here.changed)} files have changes that were never committed: {names}",
            "Commit or stash them, or let them go: they are kept beside the history.", files=len(touched),
        )  # fmt: skip


def detached(seen: Seen) -> Iterator[Finding]:
    """RB105: HEAD is detached: `HEAD~1` counts from there, and whoever commits what came back moves no branch."""
    if seen.kind in ("git_mark", "git_restore") and seen.facts is not None and seen.facts.branch is None:
        yield _finding(
            seen, "RB105", Risk.LOW, "HEAD", f"HEAD is detached at {seen.facts.head[:12]}",
            "Check out a branch first, if the result is to be committed.",
        )  # fmt: skip


def submodules(seen: Seen) -> Iterator[Finding]:
    """RB106: submodules are among the paths: git notes which commit they should be at, and their files stay."""
    if seen.kind != "git_restore" or seen.tree is None or seen.commit is None:
        return
    found = seen.tree.submodules_in(seen.commit, seen.step.git_restore)
    if found:
        yield _finding(
            seen, "RB106", Risk.MEDIUM, _some(found), f"Submodules are not moved: {_some(found)}",
            "Add a step that runs `git submodule update --init` after it.",
        )  # fmt: skip


def large_files(seen: Seen) -> Iterator[Finding]:
    """RB107: files are kept in Git LFS. Without `git-lfs` here, only their pointers would come back."""
    if seen.kind != "git_restore" or seen.tree is None or seen.commit is None:
        return
    found = seen.tree.pointers_in(seen.commit, seen.step.git_restore)
    if not found:
        return
    if seen.tree.has_lfs():
        yield _finding(
            seen, "RB107", Risk.LOW, _some(found), f"{len(found)} files are in Git LFS; they come from its store",
            "See that the LFS server can be reached.",
        )  # fmt: skip
    else:
        yield _impossible(
            seen, "RB107", f"{len(found)} files are in Git LFS, and git-lfs is not installed here: {_some(found)}",
            "Install git-lfs where Backout runs.", _some(found),
        )  # fmt: skip


def under_way(seen: Seen) -> Iterator[Finding]:
    """RB108: a merge, a rebase or another git command is under way in the tree."""
    if seen.kind in ("git_mark", "git_restore") and seen.facts is not None and seen.facts.under_way:
        yield _impossible(
            seen, "RB108", f"{seen.facts.under_way.capitalize()} is under way in the tree", "End it or abort it first."
        )


def mark_taken(seen: Seen) -> Iterator[Finding]:
    """RB109: a mark cannot be made: its name is taken or no name for git, or its remote is not known here."""
    if seen.kind != "git_mark" or seen.tree is None:
        return
    name = str(seen.more.get("name"))
    if not seen.tree.is_name(name):
        yield _impossible(seen, "RB109", f"{name} is no name for a branch or tag", "Correct `git_mark`.", name)
        return
    taken = [kind for kind in seen.step.kinds if seen.tree.named(name, kind) is not None]
    if taken:
        yield _impossible(seen, "RB109", f"There is a {taken[0]} {name} already", "Put {time} into its name.", name)
    if seen.step.push_to and not seen.tree.has_remote(seen.step.push_to):
        yield _impossible(
            seen,
            "RB109",
            f"git knows no remote {seen.step.push_to} here",
            "Correct `push_to`, or add the remote.",
            name,
        )


def not_in_mark(seen: Seen) -> Iterator[Finding]:
    """RB110: untracked files are not part of a mark."""
    if seen.kind == "git_mark" and seen.facts is not None and seen.facts.untracked:
        yield _finding(
            seen, "RB110", Risk.LOW, _some(seen.facts.untracked),
            f"{len(seen.facts.untracked)} untracked files are not part of the mark: {_some(seen.facts.untracked)}",
            "Commit them first, if they belong to what is marked.",
        )  # fmt: skip


def no_archive(seen: Seen) -> Iterator[Finding]:
    """RB111: a volume is to be brought back, and there is no archive of it."""
    if seen.kind != "restore_volumes" or seen.archives is None:
        return
    for volume in seen.step.restore_volumes:
        if seen.archives.get(volume) is None:
            yield _impossible(
                seen, "RB111", f"There is no archive of the volume {volume}",
                "`save_volumes` makes one; without it the volume cannot come back.", volume,
            )  # fmt: skip


def old_archive(seen: Seen) -> Iterator[Finding]:
    """RB112: the archive that a volume comes back from: what was written to the volume since is not in it.

    High when it is older than `backups: max_age`, else medium. What the volume holds now is archived first.
    """
    if seen.kind != "restore_volumes" or seen.archives is None:
        return
    for volume in seen.step.restore_volumes:
        found = seen.archives.get(volume)
        if found is None:
            continue
        name, made_at = found
        age = seen.now - made_at
        severity = Risk.HIGH if age > seen.site.service.backups.max_age else Risk.MEDIUM
        yield _finding(
            seen, "RB112", severity, volume, f"{volume} comes back as it was {_ago(age)} ago ({name})",
            "What it holds now is archived first, for repairs.", archive=name,
        )  # fmt: skip


def no_way_back(seen: Seen) -> Iterator[Finding]:
    """RB113: a command has no `undo`: when the run turns back, what the command did stays."""
    if seen.kind == "run" and not seen.step.undo and not seen.step.again_after_undo and not seen.step.save_output:
        words = " ".join(seen.step.run.argv)
        yield _finding(
            seen, "RB113", Risk.LOW, seen.draft.name, f"`{words}` has no `undo`: what it does stays when the run turns back",
            "Give it an `undo`, or `again_after_undo: true` when it is a build.",
        )  # fmt: skip


def statement(seen: Seen) -> Iterator[Finding]:
    """RB114: a statement changes the database. Without an `undo`, a failure behind it asks a person."""
    if seen.kind != "sql":
        return
    if seen.step.undo:
        yield _finding(
            seen, "RB114", Risk.LOW, seen.draft.name, "A statement runs on the live database, and has an `undo`"
        )
    else:
        yield _finding(
            seen, "RB114", Risk.MEDIUM, seen.draft.name, "A statement runs on the live database, and has no `undo`",
            "Give it an `undo`, if there is one.",
        )  # fmt: skip


def nothing_looks(seen: Seen) -> Iterator[Finding]:
    """RB115: nothing looks afterwards whether it worked."""
    is_first = seen.drafts and seen.draft is seen.drafts[0]
    if is_first and not any(each.kind == "check" for each in seen.drafts):
        yield _finding(
            seen, "RB115", Risk.LOW, "", "Nothing looks afterwards whether it worked", "Add `checks` to the runbook."
        )


def setting_as_it_is(seen: Seen) -> Iterator[Finding]:
    """RB116: a setting's file is not there yet; it is made with this one setting in it."""
    if seen.kind == "setting" and not (seen.site.house.folder / seen.step.file).exists():
        yield _finding(
            seen, "RB116", Risk.LOW, seen.step.file, f"{seen.step.file} is not there; it is made with this one setting",
            "See that it is the file that the service reads.",
        )  # fmt: skip


def folder_not_there(seen: Seen) -> Iterator[Finding]:
    """RB117: a command's folder or its program is not there."""
    if seen.kind != "run" or seen.step.run.service is not None:
        return
    house = seen.site.house
    folder = house.folder / seen.step.run.folder if seen.step.run.folder else house.folder
    program = seen.step.run.argv[0]
    if not folder.is_dir():
        yield _finding(seen, "RB117", Risk.HIGH, str(seen.step.run.folder), f"There is no folder {seen.step.run.folder}",
                       "Correct `folder`, unless an earlier step makes it.")  # fmt: skip
    elif "/" not in program and shutil.which(program, path=house.variables().get("PATH")) is None:
        yield _finding(seen, "RB117", Risk.HIGH, program, f"There is no program {program} here",
                       "Install it where Backout runs, or correct the command.")  # fmt: skip


def people_needed(seen: Seen) -> Iterator[Finding]:
    """RB118: the run stands still until people have ticked what only they can see or do."""
    number = sum(1 for each in seen.drafts if each.parameters.get(FOR_PERSON))
    if number and seen.drafts and seen.draft is seen.drafts[0]:
        yield _finding(
            seen, "RB118", Risk.NONE, "", f"{number} things are for a person to do or to tick off",
            "Somebody has to be there: `backout tick`.", steps=number,
        )  # fmt: skip


def export_does_not_fit(seen: Seen) -> Iterator[Finding]:
    """RB119: an export asks for tables or columns that the database does not have, or the database does not answer."""
    if seen.kind == "export" and seen.export_trouble:
        yield _impossible(seen, "RB119", seen.export_trouble, "Correct the export in the catalog.", seen.step.export)


def restore_loses(seen: Seen) -> Iterator[Finding]:
    """RB120: a backup of the database is brought back: what was written since it was taken is lost."""
    if seen.kind == "do" and seen.step.do == "restore":
        backup = seen.more.get("backup")
        if backup is None:
            yield _impossible(
                seen, "RB120", "There is no proven backup to restore", "Take one and prove it: backout backup"
            )
        else:
            yield _finding(
                seen, "RB120", Risk.HIGH, str(backup), f"What was written since {backup} was taken is lost",
                "The database as it is now is kept beside it.",
            )  # fmt: skip


def setting_nobody_reads(seen: Seen) -> Iterator[Finding]:
    """RB121: a setting goes into a `.env` file, and no compose file here mentions it: no container would see it."""
    if seen.kind != "setting" or seen.site.service.platform.kind != "compose" or seen.step.service is not None:
        return
    folder = seen.site.house.folder
    files = [*folder.glob("*compose*.y*ml")]
    texts = [read(file) for file in files]
    if texts and not any(seen.step.setting in text or "env_file" in text for text in texts):
        yield _finding(
            seen, "RB121", Risk.MEDIUM, seen.step.setting, f"No compose file here mentions {seen.step.setting}",
            "Give it to the service under `environment`, or name the compose file and `service` in the step.",
        )  # fmt: skip


def volume_not_there(seen: Seen) -> Iterator[Finding]:
    """RB122: a volume is to be archived, and there is none of that name. An optional step goes on without it."""
    for volume in seen.more.get("missing") or () if seen.kind == "save_volumes" else ():
        if seen.step.optional:
            yield _finding(seen, "RB122", Risk.LOW, volume, f"There is no volume {volume}; the step is optional")
        else:
            yield _impossible(
                seen,
                "RB122",
                f"There is no volume {volume}",
                "Write its whole name, as `docker volume ls` has it.",
                volume,
            )


def stands_still(seen: Seen) -> Iterator[Finding]:
    """RB123: containers run on a volume that is archived: they stand still while it is copied, so that it is of one moment."""
    used = seen.more.get("used_by") if seen.kind == "save_volumes" else None
    if used:
        yield _finding(
            seen, "RB123", Risk.LOW, ", ".join(used), f"While their volumes are archived, {_some(used)} stand still",
            "Stop them before, or accept the pause.",
        )  # fmt: skip


FAMILY = (
    no_tree, no_commit, paths_not_there, changed_files, detached, submodules, large_files, under_way, mark_taken, not_in_mark,
    no_archive, old_archive, no_way_back, statement, nothing_looks, setting_as_it_is, folder_not_there, people_needed,
    export_does_not_fit, restore_loses, setting_nobody_reads,
    volume_not_there, stands_still,
)  # fmt: skip

#: In a finding's evidence: no policy can allow it, because it cannot work.
IMPOSSIBLE = "impossible"


def _impossible(seen: Seen, code: str, message: str, remedy: str, about: str | None = None) -> Finding:
    return Finding(
        code=code, severity=Risk.CRITICAL, object=about or seen.draft.name, message=f"{seen.draft.title}: {message}",
        evidence={"step": seen.draft.name, IMPOSSIBLE: True}, remedy=remedy,
    )  # fmt: skip


def _finding(
    seen: Seen, code: str, severity: Risk, about: str, message: str, remedy: str | None = None, **evidence: object
) -> Finding:
    return Finding(
        code=code, severity=severity, object=about, message=message, evidence={"step": seen.draft.name, **evidence},
        remedy=remedy,
    )  # fmt: skip


def _some(names: tuple[str, ...]) -> str:
    more = len(names) - _SHOWN
    # Names of files need not be text; what is told about them has to be.
    shown = ", ".join(names[:_SHOWN]).encode(errors="replace").decode()
    return shown + (f" and {more} more" if more > 0 else "")


def _ago(age: timedelta) -> str:
    hours = age.total_seconds() / 3600
    return f"{age.days} days" if age.days > 1 else f"{hours:.0f} hours" if hours >= 2 else f"{hours * 60:.0f} minutes"
