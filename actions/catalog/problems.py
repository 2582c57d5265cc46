"""What is wrong in a catalog: all of it at once, each with its place and, where we can guess, what was meant."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from actions.errors import ConfigurationError


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Place:
    """Where something is written; lines and columns count from one, as editors do."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One thing to correct. Never holds a value that could be a secret."""

    file: str
    line: int
    column: int
    message: str
    hint: str | None = None

    def __str__(self) -> str:
        text = f"{self.file}:{self.line}:{self.column}: {self.message}"
        return f"{text} {self.hint}" if self.hint else text


class CatalogError(ConfigurationError):
    """The catalog cannot be used; every problem found in it is listed, by file and line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = in_order(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def problem_at(place: Place, message: str, hint: str | None = None) -> Problem:
    return Problem(file=place.file, line=place.line, column=place.column, message=message, hint=hint)


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Sorted as one reads; the same sentence about the same place (an anchor used twice) is said once."""
    ordered = sorted(set(problems), key=lambda each: (each.file, each.line, each.column, each.message))
    return tuple(ordered)


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """A question to add to a message, when one of the known words is close enough to be meant."""
    if len(word) > 100:
        return None
    by_lower_case = {each.lower(): each for each in known}
    close = get_close_matches(word.lower(), by_lower_case, n=1, cutoff=0.6)
    if not close and len(word) >= 3:  # `prod` is too short to look like `production`, but it begins it
        close = [each for each in by_lower_case if each.startswith(word.lower())]
    return f"Did you mean `{by_lower_case[close[0]]}`?" if close else None
