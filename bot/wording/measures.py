"""Sizes, ages and shares as people say them."""

from datetime import datetime, timedelta


def size(count: int | None) -> str:
    """`1.2 GB`: powers of ten, as disks are sold and `ls --si` counts."""
    if count is None:
        return "-"
    for unit, factor in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        # 999.96 MB would be written as 1000.0 MB.
        if count >= factor * 0.99995:
            return f"{count / factor:.1f} {unit}"
    return f"{count} B"


def age(moment: datetime, now: datetime) -> str:
    """`3 h`: at least two of its unit, so that it is never off by half."""
    return span(now - moment)


def span(length: timedelta) -> str:
    seconds = max(0, int(length.total_seconds()))
    for unit, one, from_ in (("weeks", 7 * 86400, 8), ("days", 86400, 2), ("h", 3600, 2), ("min", 60, 2)):
        if seconds >= from_ * one:
            return f"{seconds // one} {unit}"
    return f"{seconds} s"


def clock(seconds: float) -> str:
    """`0:41`, `12:05`, `1:02:03`: what a countdown shows."""
    whole = int(seconds + 0.5)
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


def length(seconds: float) -> str:
    """`0.8 s`, `41 s`, `4 min 10 s`, `1 h 05 min`."""
    if 0 < seconds < 0.05:
        return "under 0.1 s"
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = int(seconds + 0.5)
    if whole < 60:
        return f"{whole} s"
    hours, rest = divmod(whole, 3600)
    return f"{hours} h {rest // 60:02} min" if hours else f"{rest // 60} min {rest % 60:02} s"


def count(number: int, noun: str) -> str:
    """`1 row`, `1,204 rows`, `3 indexes`."""
    plural = f"{noun}es" if noun.endswith("x") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"
