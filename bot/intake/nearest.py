"""Did you mean?"""

from collections.abc import Collection
from difflib import get_close_matches

MOST = 3


def nearest(word: str, known: Collection[str]) -> tuple[str, ...]:
    """Those that were probably meant, the likeliest first; none where nothing is near."""
    wanted = word.casefold()[:60]
    if not wanted:
        return ()
    begun = sorted(name for name in known if name.startswith(wanted)) if len(wanted) > 2 else []
    close = get_close_matches(wanted, sorted(known), n=MOST, cutoff=0.6)
    return tuple(dict.fromkeys([*begun, *close]))[:MOST]


def listed(names: Collection[str], most: int = 8) -> str:
    """`a, b, c and 4 more`."""
    known = sorted(names)
    if len(known) <= most:
        return ", ".join(known)
    return f"{', '.join(known[:most])} and {len(known) - most} more"
