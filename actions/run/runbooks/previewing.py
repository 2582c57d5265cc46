"""What a runbook would do, step by step, without doing any of it: commands with their folders, files, the way back.

Made from the same plan that a run carries out, and from the same words where a command is ours.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from actions.catalog import writers as written
from actions.catalog.command import Command
from actions.catalog.envref import EnvRef
from actions.catalog.wording import names_credential
from actions.history.canonical import JsonObject
from actions.history.details import PlannedStep
from actions.platforms.compose_operations import compose_words
from actions.redaction import MASK, redact
from actions.release.git_tree import taking
from actions.run.runbooks.previewing_built_in import built_in
from actions.run.runbooks.proposing import Laid
from actions.run.runbooks.specs import from_record
from actions.run.runbooks.tickable import FOR_PERSON
from actions.run.runbooks.wording import title
from actions.run.steps.declared.git import tree_of
from actions.run.steps.site import Site

KEPT = "what is there now is kept first, and put back byte by byte"
NOTHING = "nothing to undo"
STAYS = "stays as it is: it has no `undo`"


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """One step."""

    name: str
    title: str
    part: str | None
    #: Each with its words, its folder and, where it is not this machine, the service in which it runs.
    commands: tuple[JsonObject, ...] = ()
    files: tuple[str, ...] = ()
    undo: tuple[str, ...] = ()
    #: What is run on the database.
    statement: str | None = None
    for_person: bool = False
    optional: bool = False
    no_way_back: bool = False

    def as_json(self) -> JsonObject:
        return {name: _plain(getattr(self, name)) for name in self.__dataclass_fields__}


@dataclass(slots=True)
class _Does:
    commands: list[JsonObject] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    undo: str = NOTHING
    statement: str | None = None


def preview(site: Site, laid: Laid) -> tuple[Preview, ...]:
    """Reads only."""
    return tuple(_preview(site, step) for step in laid.plan)


def _preview(site: Site, planned: PlannedStep) -> Preview:
    parameters, record = planned.parameters, planned.parameters.get("step")
    part = parameters.get("part")
    step = from_record(record) if isinstance(record, Mapping) else None
    does = _does(site, str(parameters.get("kind") or planned.action), step, parameters)
    undo: tuple[str, ...] = (does.undo,)
    if step is not None and step.undo:
        undo = tuple(title(each) for each in step.undo)
    elif parameters.get("undone_by"):
        undo = (f"undone as a whole by {parameters['undone_by']}",)
    elif isinstance(parameters.get("undo"), list):
        undo = tuple(title(from_record(each)) for each in parameters["undo"])  # type: ignore[union-attr]
    return Preview(
        name=planned.name, title=planned.title, part=str(part) if part else None, commands=tuple(does.commands),
        files=tuple(does.files), undo=undo, statement=does.statement, for_person=bool(parameters.get(FOR_PERSON)),
        optional=bool(step is not None and step.optional), no_way_back=planned.destructive,
    )  # fmt: skip


def _does(site: Site, kind: str, step: Any, parameters: Mapping[str, Any]) -> _Does:
    if maker := _MAKERS.get(kind):
        return maker(site, step, parameters)
    if kind == "settle":
        return _Does(undo="what was restarted or built on other files is restarted or built on these")
    found = built_in(site, kind, parameters, _command)
    return _Does(commands=list(found.commands), files=list(found.files), undo=found.undo)


def _run(site: Site, step: Any, _: Mapping[str, Any]) -> _Does:
    files = [step.save_output] if step.save_output else []
    undo = "it is run again on the files that are back" if step.again_after_undo else KEPT if files else STAYS
    return _Does(commands=[_command(site, step.run)], files=files, undo=undo)


def _writer(verb: str) -> Callable[[Site, Any, Mapping[str, Any]], _Does]:
    undo = {
        "stop": "it is brought back to what it was", "start": "it is stopped again",
        "restart": "it is restarted when the files before it are back",
    }  # fmt: skip

    def make(site: Site, _: Any, parameters: Mapping[str, Any]) -> _Does:
        name = str(parameters["writer"])
        entry = next((each for each in site.service.writers.stop if each.known_as == name), None)
        verbs = ("stop", "start") if verb == "restart" else (verb,)
        words = [command for each in verbs for command in _writer_words(site, entry, each)]
        return _Does(commands=words, undo=undo[verb])

    return make


def _writer_words(site: Site, entry: Any, verb: str) -> list[JsonObject]:  # noqa: PLR0911 because each kind has its own
    match entry:
        case written.CommandWriter():
            return [_command(site, entry.command.stop if verb == "stop" else entry.command.start)]
        case written.SystemdWriter():
            user = ["--user"] if entry.user else []
            return [{"argv": ["systemctl", *user, verb, entry.systemd], "folder": str(site.house.folder)}]
        case written.ProcessWriter() if verb == "stop":
            return [
                {"argv": ["kill", f"-{entry.signal}", f"$(cat {entry.pid_file})"], "folder": str(site.house.folder)}
            ]
        case written.ProcessWriter():
            return [_command(site, entry.process)]
        case written.ComposeWriter():
            return [{"argv": [*_compose_program(site), verb, entry.compose], "folder": str(site.house.folder)}]
        case None:
            return []
        case _:
            return [{"argv": [verb, entry.known_as], "folder": None}]


def _compose_program(site: Site) -> list[str]:
    return str(getattr(site.service.platform, "command", None) or "docker compose").split()


def _export(site: Site, step: Any, _: Mapping[str, Any]) -> _Does:
    template = site.service.exports[step.export]
    return _Does(files=[f"{template.folder}/{template.file}"], undo=KEPT, statement=f"reads {template.table}")


def _setting(_: Site, step: Any, __: Mapping[str, Any]) -> _Does:
    hidden = isinstance(step.to, EnvRef) or names_credential(step.setting)
    there = f" ({step.service})" if step.service else ""
    value = str(step.to) if isinstance(step.to, EnvRef) else MASK if hidden else step.to
    return _Does(files=[f"{step.file}{there}: {step.setting}={value}"], undo=KEPT)


def _git_mark(site: Site, step: Any, parameters: Mapping[str, Any]) -> _Does:
    name, folder = str(parameters.get("name")), str(site.house.folder)
    words = [["git", "branch" if kind == "branch" else "tag", name] for kind in step.kinds]
    if step.push_to:
        words.append(["git", "push", "--atomic", step.push_to, name])
    return _Does(commands=[{"argv": each, "folder": folder} for each in words], undo="the marks stay: they harm nobody")


def _git_restore(site: Site, step: Any, parameters: Mapping[str, Any]) -> _Does:
    commit = parameters.get("commit")
    if not isinstance(commit, str):
        return _Does(undo=KEPT)
    files = [name.encode(errors="replace").decode() for name in tree_of(site).differing(commit, step.git_restore)]
    return _Does(
        commands=[{"argv": ["git", *taking(commit, step.git_restore)], "folder": str(site.house.folder)}], files=files,
        undo=KEPT,
    )  # fmt: skip


def _compose(site: Site, step: Any, _: Mapping[str, Any]) -> _Does:
    folder = str(site.house.folder)
    words = [
        {"argv": [*_compose_program(site), *each], "folder": folder}
        for each in compose_words(step.compose, step.services)
    ]
    undo = {
        "down": "what ran before comes up again", "stop": "what ran before comes up again",
        "up": "what did not run before goes again", "start": "what did not run before is stopped again",
        "restart": "it is restarted when the files before it are back",
    }.get(step.compose, "images harm nobody: they stay")  # fmt: skip
    return _Does(commands=list(words), undo=undo)


def _remove_networks(site: Site, step: Any, _: Mapping[str, Any]) -> _Does:
    words = [
        {"argv": ["docker", "network", "rm", name], "folder": str(site.house.folder)} for name in step.remove_networks
    ]
    return _Does(commands=list(words), undo="compose makes them again with the containers")


def _save_volumes(_: Site, step: Any, __: Mapping[str, Any]) -> _Does:
    return _Does(files=[f"volume {name} into the stores" for name in step.save_volumes], undo="the archives stay")


def _restore_volumes(_: Site, step: Any, parameters: Mapping[str, Any]) -> _Does:
    archives = parameters.get("archives") or {}
    files = [f"volume {name} from archive {archives.get(name, 'none')}" for name in step.restore_volumes]
    files += [f"volume {name} goes" for name in step.replaces if name not in step.restore_volumes]
    return _Does(files=files, undo="what the volumes hold now is archived first, and brought back")


def _sql(_: Site, step: Any, __: Mapping[str, Any]) -> _Does:
    return _Does(statement=redact(" ".join(step.sql.split())), undo=STAYS)


def _check(site: Site, step: Any, _: Mapping[str, Any]) -> _Does:
    command = getattr(step.check, "command", None)
    query = getattr(step.check, "sql", None)
    return _Does(commands=[_command(site, command)] if command else [], statement=redact(query) if query else None)


def _log(_: Site, step: Any, __: Mapping[str, Any]) -> _Does:
    return _Does(files=[step.file], undo="the line stays; another one says that it was undone")


def _command(site: Site, command: Command) -> JsonObject:
    folder = command.folder
    if command.service is None:
        folder = str(site.house.folder / folder if folder else site.house.folder)
    env = {name: str(value) if isinstance(value, EnvRef) else value for name, value in command.env.items()}
    said: dict[str, Any] = {"argv": [redact(word) for word in command.argv], "folder": folder}
    if command.service is not None:
        said["service"] = command.service
    if env:
        said["env"] = {name: MASK if names_credential(name) else redact(str(value)) for name, value in env.items()}
    return said


_MAKERS: Mapping[str, Callable[[Site, Any, Mapping[str, Any]], _Does]] = {
    "run": _run, "stop": _writer("stop"), "start": _writer("start"), "resume": _writer("start"),
    "restart": _writer("restart"), "export": _export, "setting": _setting, "git_mark": _git_mark,
    "git_restore": _git_restore, "compose": _compose, "remove_networks": _remove_networks, "save_volumes": _save_volumes,
    "restore_volumes": _restore_volumes, "sql": _sql, "check": _check, "log": _log,
}  # fmt: skip


def _plain(value: object) -> Any:
    return list(value) if isinstance(value, tuple) else value


def said_command(command: Mapping[str, Any]) -> str:
    """One line for people."""
    words = " ".join(str(word) for word in _words(command.get("argv")))
    where = f" in {command['service']}" if command.get("service") else ""
    folder = f"   [{command['folder']}]" if command.get("folder") else ""
    return f"{words}{where}{folder}"


def _words(argv: object) -> Sequence[object]:
    return argv if isinstance(argv, list | tuple) else []
