"""Numbers, times and names in the words that every decision uses."""

from collections.abc import Sequence
from datetime import timedelta

#: More names than this would hide the sentence.
SHOWN = 5
#: So many characters of a text that is not ours.
LONGEST = 300

_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def count(number: int, one: str, many: str | None = None) -> str:
    """`1 row`, `1,204 rows`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def length(time: timedelta) -> str:
    """`4 min 59 s`: the two largest units, rounded down, so that it never claims more than there was."""
    seconds = int(max(time, timedelta(0)).total_seconds())
    parts: list[tuple[int, str]] = []
    for unit, size in _UNITS:
        amount, seconds = divmod(seconds, size)
        if amount or parts:
            parts.append((amount, unit))
    spoken = [f"{amount} {unit}" for amount, unit in parts[:2] if amount]
    return " ".join(spoken) or "0 s"


def seconds(number: float) -> str:
    """`0.4 s`, `12 s`, `2 min 5 s`."""
    return f"{number:.1f} s" if number < 10 else length(timedelta(seconds=round(min(number, 1e9))))


def quoted(name: str) -> str:
    return f"`{name}`"


def listed(names: Sequence[str], conjunction: str = "and") -> str:
    """`a`, `b` and 3 more."""
    if len(names) > SHOWN:
        return f"{', '.join(names[:SHOWN])} and {len(names) - SHOWN:,} more"
    return f" {conjunction} ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def revisions(names: Sequence[str]) -> str:
    """Revisions by name; none at all is where alembic begins."""
    return listed([quoted(name) for name in names]) if names else "`base`"


def ended(sentence: str) -> str:
    """A sentence with its full stop."""
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."


def retold(text: str) -> str:
    """What somebody else wrote (a server, a script), as one sentence on one line."""
    line = " ".join(text.split())
    return ended(line if len(line) <= LONGEST else f"{line[:LONGEST]}...") if line else "Nothing was said about why."
