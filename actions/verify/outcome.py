"""What a check saw. Never an answer's text or a row's value beyond the one that was asked for."""

from dataclasses import dataclass

#: A value that can be compared with what was there before.
Value = str | int | float | bool | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """One look. `value` is what `like_before` compares."""

    passed: bool
    said: str
    value: Value = None
    #: Whoever had to be asked was there. If not, it says nothing about the service.
    answered: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckResult:
    """A check after all its tries."""

    title: str
    passed: bool
    said: str
    tries: int
    seconds: float
    value: Value = None
    answered: bool = True
