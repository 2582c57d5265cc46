"""Checks that one kind of platform alone can answer. A platform that has one adds its case here."""

from actions.catalog.checks import ContainersCheck, ReadyCheck
from actions.errors import ConfigurationError
from actions.platforms.house import House
from actions.verify.outcome import Seen
from actions.verify.titles import title_of


def look_at_platform(check: ContainersCheck | ReadyCheck, house: House) -> Seen:
    needed = "compose" if isinstance(check, ContainersCheck) else "kubernetes"
    raise ConfigurationError(
        f"This check needs a {needed} platform", where=f"service {house.service.name}, {title_of(check)}"
    )
