"""What the built-in steps of a runbook would do, for its preview: the same words that the run has."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from actions.catalog.command import Command
from actions.catalog.release import CommandRelease, DeploymentRelease, GitRelease, ImageRelease, SettingRelease
from actions.history.canonical import JsonObject
from actions.run import names
from actions.run.steps.site import Site


@dataclass(frozen=True, kw_only=True, slots=True)
class BuiltIn:
    commands: tuple[JsonObject, ...] = ()
    files: tuple[str, ...] = ()
    undo: str = "nothing to undo"


#: Shows a catalogued command.
Showing = Callable[[Site, Command], JsonObject]


def built_in(site: Site, action: str, parameters: Mapping[str, Any], show: Showing) -> BuiltIn:
    match action:
        case names.BACK_UP:
            return BuiltIn(
                commands=({"argv": ["pg_dump", _database(site)], "folder": None},),
                files=tuple(f"a backup into {title}" for title in _stores(site)),
                undo="the backup stays; its retention lets it go",
            )
        case names.PROVE:
            rehearsed = [_alembic(site, "the revision of the plan, on the copy")] if parameters.get("rehearse") else []
            restored: JsonObject = {"argv": ["pg_restore", "into a scratch database"], "folder": None}
            return BuiltIn(commands=(restored, *rehearsed), undo="the scratch database is dropped")
        case names.DOWNGRADE:
            return BuiltIn(
                commands=tuple(_alembic(site, _revision(each)) for each in parameters.get("hops") or ()),
                undo="nothing by itself: the proven backup brings the database back",
            )
        case names.RESTORE:
            restored = {"argv": ["pg_restore", str(parameters.get("backup"))], "folder": None}
            return BuiltIn(
                commands=(restored,), files=("a new database beside the old one, then both change places",),
                undo="the database as it is now is kept beside it",
            )  # fmt: skip
        case names.RELEASE:
            return _release(site, int(parameters.get("number") or 0), show)
        case _:
            return BuiltIn()


def _alembic(site: Site, to: str) -> JsonObject:
    run = getattr(site.service.migrations, "run", None)
    where = getattr(run, "compose", None) or getattr(run, "workload", None) or getattr(run, "image", None)
    said: dict[str, Any] = {
        "argv": ["alembic", "downgrade", to],
        "folder": getattr(site.service.migrations, "folder", None),
    }
    return {**said, "service": where} if where else said


def _revision(hop: Any) -> str:
    after = hop.get("after") if isinstance(hop, Mapping) else ()
    undone = hop.get("revision") if isinstance(hop, Mapping) else ""
    return f"{', '.join(after or ()) or 'base'}   (undoes {undone})"


def _database(site: Site) -> str:
    return f"${{{site.database.url.name}}}"


def _stores(site: Site) -> list[str]:
    return [store.title for store in site.premises("a preview").stores]


def _release(site: Site, number: int, show: Showing) -> BuiltIn:
    again = "the newer release is brought again"
    releases = site.service.application
    match releases[number] if number < len(releases) else None:
        case CommandRelease() as found:
            undone = again if found.undo else "stays as it is: it has no `undo`"
            return BuiltIn(commands=(show(site, found.command),), undo=undone)
        case DeploymentRelease() as found:
            to = [f"--to-revision={found.to_revision}"] if found.to_revision else []
            words = ["kubectl", "rollout", "undo", f"deployment/{found.deployment}", *to]
            return BuiltIn(commands=({"argv": words, "folder": None},), undo=again)
        case ImageRelease() as found:
            return BuiltIn(files=(f"{found.file}: {found.image_tag}={found.to}",), undo=again)
        case SettingRelease() as found:
            return BuiltIn(files=(f"{found.file}: {found.setting}",), undo=again)
        case GitRelease() as found:
            builds = tuple(show(site, each) for each in found.build)
            paths = ", ".join(found.paths) or "the whole tree"
            return BuiltIn(commands=builds, files=(f"{paths} from {found.git}",), undo=again)
        case _:
            return BuiltIn(undo=again)
