"""From the catalog's `application` to what can take it back. A further kind adds its case here."""

from collections.abc import Sequence
from pathlib import Path
from typing import assert_never

from actions.catalog.release import (
    CommandRelease,
    DeploymentRelease,
    GitRelease,
    ImageRelease,
    ReleaseStep,
    SettingRelease,
)
from actions.errors import ConfigurationError
from actions.platforms.compose_house import compose_of
from actions.platforms.house import House
from actions.platforms.kubernetes_house import api_of
from actions.release.commanded import CommandedRelease
from actions.release.from_files import FilesFromGit, SwitchedSetting
from actions.release.image import TagRelease
from actions.release.port import Release
from actions.release.restarting import Restarting
from actions.release.rollout import RolloutRelease
from actions.writers.finding import writers_of


def releases_of(house: House, kept: Path) -> Sequence[Release]:
    """In their order. `kept`: a folder of ours, for what files were before they were changed."""
    return tuple(release_for(each, house, kept) for each in house.service.application)


def release_for(entry: ReleaseStep, house: House, kept: Path) -> Release:
    release = _without_restarts(entry, house, kept)
    if not entry.restart:
        return release
    writers = writers_of(house)
    unknown = [name for name in entry.restart if name not in writers]
    if unknown:
        raise ConfigurationError(
            f"`restart` names {unknown[0]!r}, which is no writer of the service", where=f"service {house.service.name}"
        )
    return Restarting(release=release, writers={name: writers[name] for name in entry.restart})


def _without_restarts(entry: ReleaseStep, house: House, kept: Path) -> Release:
    match entry:
        case CommandRelease():
            return CommandedRelease(house=house, release=entry)
        case DeploymentRelease():
            return RolloutRelease(
                api=api_of(house, f"Taking back deployment {entry.deployment}"), deployment=entry.deployment,
                to_revision=entry.to_revision, within=entry.timeout,
            )  # fmt: skip
        case ImageRelease():
            return TagRelease(house=compose_of(house, "An image's tag"), release=entry)
        case GitRelease():
            return FilesFromGit(house=house, release=entry, kept=kept)
        case SettingRelease():
            return SwitchedSetting(house=house, release=entry, kept=kept)
        case _:
            assert_never(entry)
