"""What a test turns to make Slack behave as it does on a bad day."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bot.sandbox.clock import Clock

Json = dict[str, Any]
BAD_DAYS = ("storm", "away", "broken")


class Redelivery(StrEnum):
    NONE = "none"
    #: What was not acknowledged comes again.
    UNACKED = "unacked"
    #: Every envelope comes twice.
    ALL = "all"


class AwayHow(StrEnum):
    REFUSED = "refused"
    DROPPED = "dropped"


class UnknownKnobError(ValueError):
    """There is no such knob, or it does not turn that far."""


@dataclass(kw_only=True)
class Failure:
    method: str
    error: str
    times: int = 1


@dataclass(kw_only=True)
class Knobs:
    clock: Clock
    limits: bool = True
    limits_factor: float = 1.0
    #: Until when, on the sandbox's clock.
    storm_until: float = 0.0
    away_until: float = 0.0
    away_how: AwayHow = AwayHow.REFUSED
    broken_until: float = 0.0
    broken_status: int = 503
    slow: float = 0.0
    lose_answers: int = 0
    lose_methods: tuple[str, ...] = ()
    fail: list[Failure] = field(default_factory=list)
    redeliver: Redelivery = Redelivery.UNACKED
    paid: bool = True
    link_disabled: bool = False

    def left(self, until: float) -> float:
        return max(0.0, until - self.clock.now())

    def failure(self, method: str) -> str | None:
        """The error that the next call of this method is to be refused with."""
        for each in self.fail:
            if each.method in (method, "*") and each.times > 0:
                each.times -= 1
                self.fail = [one for one in self.fail if one.times > 0]
                return each.error
        return None

    def loses(self, method: str) -> bool:
        if self.lose_answers > 0 and (not self.lose_methods or method in self.lose_methods):
            self.lose_answers -= 1
            return True
        return False

    def turn(self, wanted: Mapping[str, Any]) -> None:
        """All of it or nothing."""
        try:
            changes = {
                name: value for each, given in wanted.items() for name, value in self._change(each, given).items()
            }
        except (TypeError, ValueError, KeyError) as error:
            raise UnknownKnobError(str(error)) from error
        for name, value in changes.items():
            setattr(self, name, value)

    def _change(self, name: str, value: Any) -> Json:  # noqa: PLR0911 because it is a table
        match name:
            case "storm" | "away" | "broken":
                return {f"{name}_until": self.clock.now() + float(value) if value else 0.0}
            case "limits" | "paid" | "link_disabled":
                return {name: bool(value)}
            case "limits_factor" | "slow":
                return {name: float(value)}
            case "broken_status" | "lose_answers":
                return {name: int(value)}
            case "lose_methods":
                return {name: tuple(str(each) for each in value)}
            case "away_how":
                return {name: AwayHow(value)}
            case "redeliver":
                return {name: Redelivery(value)}
            case "fail":
                return {name: [Failure(**each) for each in value]}
            case _:
                raise KeyError(f"there is no knob {name}")

    def seen(self) -> Json:
        return {
            "limits": self.limits, "limits_factor": self.limits_factor,
            **{name: round(self.left(getattr(self, f"{name}_until")), 3) for name in BAD_DAYS},
            "away_how": self.away_how.value, "broken_status": self.broken_status, "slow": self.slow,
            "lose_answers": self.lose_answers, "lose_methods": list(self.lose_methods),
            "fail": [{"method": each.method, "error": each.error, "times": each.times} for each in self.fail],
            "redeliver": self.redeliver.value, "paid": self.paid,
        }  # fmt: skip
