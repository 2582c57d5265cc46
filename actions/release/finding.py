"""From the catalog's `application` to what can take it back. A further kind adds its case here."""

from collections.abc import Sequence
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
from actions.platforms.house import House
from actions.platforms.kubernetes_house import api_of
from actions.release.commanded import CommandedRelease
from actions.release.port import Release
from actions.release.rollout import RolloutRelease


def releases_of(house: House) -> Sequence[Release]:
    """In their order."""
    return tuple(release_for(each, house) for each in house.service.application)


def release_for(entry: ReleaseStep, house: House) -> Release:
    match entry:
        case CommandRelease():
            return CommandedRelease(house=house, release=entry)
        case DeploymentRelease():
            return RolloutRelease(
                api=api_of(house, f"Taking back deployment {entry.deployment}"), deployment=entry.deployment,
                to_revision=entry.to_revision, within=entry.timeout,
            )  # fmt: skip
        case ImageRelease() | GitRelease() | SettingRelease():
            what = type(entry).__name__.removesuffix("Release").lower()
            raise ConfigurationError(
                f"Taking the application back by {what} is not supported yet",
                where=f"service {house.service.name}",
                next_step="Use a `command` for now.",
            )
        case _:
            assert_never(entry)
