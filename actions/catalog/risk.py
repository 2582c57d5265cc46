"""How much a step back may cost, in the five words used everywhere."""

from enum import StrEnum


class Risk(StrEnum):
    """From nothing to lose to everything to lose. Compare by `rank`: as words they would sort by the alphabet."""

    NONE = "none"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        return list(Risk).index(self)


class Environment(StrEnum):
    """A closed set, so that a typing error cannot quietly lose the policy of production."""

    PRODUCTION = "production"
    STAGING = "staging"
    DEVELOPMENT = "development"
