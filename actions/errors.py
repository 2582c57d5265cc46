"""The errors people see: what happened, where, and what to do next.

The class says how the program ends (and whether trying again is safe); the text is for a tired reader.
Only code and text of an error are ever stored: an exception with its own constructor does not survive pickling.
"""

from typing import ClassVar


class BackoutError(Exception):
    """Something did not work; the world is in a known state."""

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, where: str | None = None, next_step: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.next_step = next_step

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text}\n{self.next_step}" if self.next_step else text


class ConfigurationError(BackoutError):
    """Settings, catalog or arguments are wrong; nothing was started."""

    exit_code = 2


class RefusedError(BackoutError):
    """The rules say no: policy, role, drift, or somebody else is busy with it."""

    exit_code = 3


class HaltedError(BackoutError):
    """We do not know the state of the world; a person must look."""

    exit_code = 4


class UnavailableError(BackoutError):
    """Something we need did not answer; trying the same again is safe."""
