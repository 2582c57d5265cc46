"""What a runbook does with containers, networks and volumes of a compose project, as steps."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from actions.backup.volume_archives import VolumeArchive, VolumeArchives, archive_name, archives_of
from actions.errors import BackoutError, ConfigurationError
from actions.history.canonical import JsonObject
from actions.platforms.compose_house import ComposeHouse
from actions.platforms.compose_operations import ComposeOperations
from actions.platforms.volumes import Volumes
from actions.run.action import Answer, Done, Moment, Partly, Untouched
from actions.run.steps.declared.base import step_of
from actions.run.steps.site import Site


def compose_of(site: Site) -> ComposeHouse:
    house = site.house
    if not isinstance(house, ComposeHouse):
        raise ConfigurationError("This step needs a compose platform", where=f"service {site.service.name}")
    return house


def operations_of(site: Site) -> ComposeOperations:
    return ComposeOperations(cli=compose_of(site).cli)


@dataclass(frozen=True, kw_only=True)
class TellCompose:
    """What ran before is noted first; on the way back exactly that runs again."""

    site: Site

    def ask(self, at: Moment) -> Answer:
        if at.step.captured is None:
            return Untouched()
        step, operations = step_of(at), operations_of(self.site)
        if step.compose == "down" and not operations.existing(step.services):
            return Done()
        if step.compose == "stop" and not operations.running(step.services):
            return Done()
        return Partly(what="compose may be in the middle of it; it is told again")

    def do(self, at: Moment) -> JsonObject:
        step, operations = step_of(at), operations_of(self.site)
        captured = at.step.captured
        if captured is None or "running" not in captured:
            captured = {
                **(captured or {}), "running": list(operations.running(step.services)),
                "existing": list(operations.existing(step.services)),
            }  # fmt: skip
            at.capture(captured)
        operations.do(step.compose, step.services, within=step.timeout, should_stop=at.should_stop)
        return {"was_running": captured["running"], "running": list(operations.running(step.services))}

    def undo(self, at: Moment) -> None:
        if at.step.captured is None:
            return
        step, operations = step_of(at), operations_of(self.site)
        before, existed = _names(at.step.captured, "running"), _names(at.step.captured, "existing")
        match step.compose:
            case "down" | "stop":
                self._bring_back(at, before)
            case "up" if not existed and not step.services:
                operations.do("down", (), within=step.timeout, should_stop=at.should_stop)
            case "up" | "start":
                self._take_away(at, [name for name in operations.running(step.services) if name not in before], existed)
            case _:
                pass  # a restart is done once more when the files are back; images and builds harm nobody

    def again(self, at: Moment) -> None:
        """When the files before it are what they were: what ran then runs on them."""
        step = step_of(at)
        if step.compose == "up":
            self._bring_back(at, _names(at.step.captured or {}, "running"))
        else:
            operations_of(self.site).do("restart", step.services, within=step.timeout, should_stop=at.should_stop)

    def _bring_back(self, at: Moment, services: list[str]) -> None:
        if services:
            within = step_of(at).timeout
            operations_of(self.site).do("up", services, within=within, should_stop=at.should_stop)

    def _take_away(self, at: Moment, services: list[str], existed: list[str]) -> None:
        """What came only with this step goes; what was there and stood still stands still again."""
        operations, within = operations_of(self.site), step_of(at).timeout
        new = [name for name in services if name not in existed]
        old = [name for name in services if name in existed]
        if new:
            operations.do("down", new, within=within, should_stop=at.should_stop)
        if old:
            operations.do("stop", old, within=within, should_stop=at.should_stop)


@dataclass(frozen=True, kw_only=True)
class RemoveNetworks:
    """Compose makes them again with the containers that need them."""

    site: Site

    def ask(self, at: Moment) -> Answer:
        if at.step.captured is None:
            return Untouched()
        return Partly(what="some are left") if self._left(at) else Done()

    def do(self, at: Moment) -> JsonObject:
        there = self._left(at)
        at.capture(
            {**(at.step.captured or {}), "there": at.step.captured.get("there", there) if at.step.captured else there}
        )
        for name in there:
            operations_of(self.site).remove_network(name)
        return {"removed": there}

    def undo(self, at: Moment) -> None:
        """They come again with the containers."""

    def _left(self, at: Moment) -> list[str]:
        return list(operations_of(self.site).networks(step_of(at).remove_networks))


@dataclass(frozen=True, kw_only=True)
class SaveVolumes:
    """Archives stay: they harm nobody."""

    site: Site

    def ask(self, at: Moment) -> Answer:
        return Untouched() if at.step.captured is None else Partly(what="some volumes may be archived")

    def do(self, at: Moment) -> JsonObject:
        archives, volumes = archives_of(self.site.service, self.site.environ, self.site.home), _volumes(self.site)
        captured: dict[str, Any] = dict(at.step.captured or {})
        saved: dict[str, Any] = dict(captured.get("archives") or {})
        for volume in step_of(at).save_volumes:
            if not volumes.exists(volume):
                raise BackoutError(
                    f"There is no volume {volume}", next_step="`docker volume ls` names those there are."
                )
            name = saved.get(volume) or archive_name(datetime.now(UTC), secrets.token_hex(2))
            if archives.find(volume, name) is None:
                _thaw_left(volumes, volume, captured)
                captured = {**captured, "archives": {**saved, volume: name}, "freezing": volume}
                at.capture(captured)
                at.progress(None, f"archiving {volume}")
                archives.save(volumes, volume, purpose=f"before {at.rollback.id}", name=name)
            saved[volume] = name
        return {"archives": saved}

    def undo(self, at: Moment) -> None:
        """Only what a crash of ours may have left frozen."""
        if at.step.captured is not None:
            volume = at.step.captured.get("freezing")
            if isinstance(volume, str):
                _thaw_left(_volumes(self.site), volume, at.step.captured)


@dataclass(frozen=True, kw_only=True)
class RestoreVolumes:
    """Each volume anew from its archive. What was in it, and in those that it replaces, is archived before."""

    site: Site

    def ask(self, at: Moment) -> Answer:
        return (
            Untouched() if at.step.captured is None else Partly(what="some volumes may be filled; they are filled anew")
        )

    def do(self, at: Moment) -> JsonObject:
        step, volumes = step_of(at), _volumes(self.site)
        archives = archives_of(self.site.service, self.site.environ, self.site.home)
        pinned = at.step.parameters.get("archives")
        wanted = {volume: self._archive(archives, volume, pinned) for volume in step.restore_volumes}
        before = self._archive_first(at, archives, volumes, (*step.restore_volumes, *step.replaces))
        for volume, archive in wanted.items():
            at.progress(None, f"filling {volume} from {archive.name}")
            self._fill(archives, volumes, volume, archive, before.get(volume))
        for volume in step.replaces:
            if volume not in step.restore_volumes:
                volumes.remove(volume)
        return {
            "archives": {volume: archive.name for volume, archive in wanted.items()},
            "kept": {volume: kept.get("archive") for volume, kept in before.items()},
        }  # fmt: skip

    def undo(self, at: Moment) -> None:
        volumes = _volumes(self.site)
        archives = archives_of(self.site.service, self.site.environ, self.site.home)
        for volume, kept in _kept(at).items():
            if kept.get("there") is False:
                volumes.remove(volume)
                continue
            archive = archives.find(volume, str(kept.get("archive")))
            if archive is not None:
                self._fill(archives, volumes, volume, archive, kept)

    def _archive_first(
        self, at: Moment, archives: VolumeArchives, volumes: Volumes, names: tuple[str, ...]
    ) -> dict[str, dict[str, Any]]:
        """A safety archive of each that is there, whole and proven before anything is removed; once, whatever crashes."""
        before = _kept(at)
        for volume in dict.fromkeys(names):
            kept = before.get(volume)
            if kept is None:
                there = volumes.described(volume)
                kept = {"there": there is not None, "like": there}
                if there is not None:
                    kept["archive"] = archive_name(datetime.now(UTC), secrets.token_hex(2))
                before[volume] = kept
                at.capture({**(at.step.captured or {}), "before": {**before}})
            if kept.get("there") and archives.find(volume, str(kept["archive"])) is None:
                at.progress(None, f"archiving what {volume} holds now")
                archives.save(
                    volumes,
                    volume,
                    purpose=f"what it held before {at.rollback.id}",
                    name=str(kept["archive"]),
                    is_safety=True,
                )
        return before

    @staticmethod
    def _fill(
        archives: VolumeArchives, volumes: Volumes, volume: str, archive: VolumeArchive, kept: Mapping[str, Any] | None
    ) -> None:
        volumes.remove(volume)
        like = (kept or {}).get("like")
        volumes.make(volume, like if isinstance(like, Mapping) else None)
        archives.bring_back(volumes, archive, volume)

    @staticmethod
    def _archive(archives: VolumeArchives, volume: str, pinned: object) -> VolumeArchive:
        name = pinned.get(volume) if isinstance(pinned, Mapping) else None
        found = archives.find(volume, str(name)) if name else None
        if found is None:
            raise BackoutError(
                f"The archive {name or ''} of {volume} that was approved is not there any more", next_step="Ask again."
            )
        return found


def _kept(at: Moment) -> dict[str, dict[str, Any]]:
    before = (at.step.captured or {}).get("before")
    return {str(name): dict(kept) for name, kept in before.items()} if isinstance(before, Mapping) else {}  # type: ignore[arg-type]


def _volumes(site: Site) -> Volumes:
    return Volumes(cli=compose_of(site).cli)


def _thaw_left(volumes: Volumes, volume: str, captured: Mapping[str, Any]) -> None:
    """A runner that died in the middle of a copy left what it had frozen."""
    if captured.get("freezing") == volume:
        volumes.thaw([str(each["Id"]) for each in volumes.users(volume) if (each.get("State") or {}).get("Paused")])


def _names(captured: Mapping[str, Any], key: str) -> list[str]:
    names = captured.get(key)
    return [str(name) for name in names] if isinstance(names, list | tuple) else []
