"""Which tests begin: those that take a minute or more, so that at the end no worker waits for another's.

The workers of `--dist worksteal` begin with equal parts of the list, one after the other, and take from the ends of each
other's.
"""

from collections.abc import Iterator, Sequence

import pytest

#: About how many seconds a file takes beside others.
LONG = {
    "tests/content_api/test_story.py": 130, "tests/deeptech_radar/test_story.py": 125, "tests/claude_agent_ui/test_story.py": 95,
    "tests/motovaultpro/test_motovaultpro.py": 95, "tests/browser/test_demo.py": 50, "tests/content_api/test_staging.py": 45,
    "tests/traceo/test_traceo.py": 40, "tests/run/test_replicas.py": 30, "tests/slack/test_acceptance.py": 30,
}  # fmt: skip


def long_ones_first(items: Sequence[pytest.Item], workers: int) -> list[pytest.Item]:
    piles: list[list[pytest.Item]] = [[] for _ in range(workers)]
    seconds = [0] * workers
    for file, takes in LONG.items():
        lightest = seconds.index(min(seconds))
        seconds[lightest] += takes
        piles[lightest] += [item for item in items if _file(item) == file]
    return list(_dealt(piles, [item for item in items if _file(item) not in LONG]))


def _dealt(piles: Sequence[Sequence[pytest.Item]], rest: Sequence[pytest.Item]) -> Iterator[pytest.Item]:
    """Each worker's pile where its part of the list begins."""
    left = sum(map(len, piles)) + len(rest)
    for number, pile in enumerate(piles):
        part = left // (len(piles) - number)
        short = max(0, part - len(pile))
        yield from pile
        yield from rest[:short]
        left, rest = left - len(pile) - len(rest[:short]), rest[short:]


def _file(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]
