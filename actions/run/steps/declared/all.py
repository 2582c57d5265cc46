"""Every kind of declared step and the action that does it."""

from collections.abc import Callable, Mapping

from actions.errors import ConfigurationError
from actions.run.action import Action
from actions.run.names import action_of
from actions.run.runbooks.drafting import BEGIN_PART, CAPTURE, RESUME, SETTLE
from actions.run.steps.declared.base import BeginPart, Declared
from actions.run.steps.declared.checks import CaptureValues, CheckHolds, PersonDoes, WaitAWhile
from actions.run.steps.declared.commands import RunCommand
from actions.run.steps.declared.compose import RemoveNetworks, RestoreVolumes, SaveVolumes, TellCompose
from actions.run.steps.declared.files import ExportFiles, WriteLog
from actions.run.steps.declared.git import GitMark, GitRestore
from actions.run.steps.declared.settings import SwitchSetting
from actions.run.steps.declared.sql import RunSql
from actions.run.steps.declared.writers import RestartWriter, Settle, StartWriter
from actions.run.steps.site import Site
from actions.run.steps.writers import ResumeWriter, StopWriter
from actions.verify.checking import Looking
from actions.writers.finding import writers_of
from actions.writers.port import Writer


def declared_actions(site: Site, looking: Callable[[], Looking]) -> Mapping[str, Callable[[], Action]]:
    """By the names that plans give them."""
    kinds = _kinds(site, looking)

    def by_kind(kind: str) -> Action:
        if kind not in kinds:
            raise ConfigurationError(f"A step of kind {kind!r} cannot stand among those that undo another")
        return kinds[kind]()

    found: dict[str, Callable[[], Action]] = {
        action_of(kind): lambda make=make: Declared(inner=make(), by_kind=by_kind)  # type: ignore[misc]
        for kind, make in kinds.items()
    }
    found[action_of(BEGIN_PART)] = lambda: BeginPart(by_kind=by_kind)
    found[action_of(SETTLE)] = lambda: Settle(by_kind=by_kind)
    return found


def _kinds(site: Site, looking: Callable[[], Looking]) -> Mapping[str, Callable[[], Action]]:
    def writers() -> Mapping[str, Writer]:
        return writers_of(site.house)

    written = site.service.writers
    return {
        "run": lambda: RunCommand(site=site),
        "stop": lambda: StopWriter(writers=writers()),
        "start": lambda: StartWriter(writers=writers),
        "restart": lambda: RestartWriter(writers=writers),
        RESUME: lambda: ResumeWriter(
            writers=writers(), looking=looking(), pause=written.pause_between,
            looks={each.known_as: each.look for each in written.stop if each.look is not None},
        ),
        "export": lambda: ExportFiles(site=site),
        "setting": lambda: SwitchSetting(site=site),
        "git_mark": lambda: GitMark(site=site),
        "git_restore": lambda: GitRestore(site=site),
        "sql": lambda: RunSql(site=site),
        "check": lambda: CheckHolds(site=site, looking=looking),
        "person": lambda: PersonDoes(site=site),
        "wait": WaitAWhile,
        "log": lambda: WriteLog(site=site),
        "compose": lambda: TellCompose(site=site),
        "remove_networks": lambda: RemoveNetworks(site=site),
        "save_volumes": lambda: SaveVolumes(site=site),
        "restore_volumes": lambda: RestoreVolumes(site=site),
        CAPTURE: lambda: CaptureValues(looking=looking),
    }  # fmt: skip
