"""What the decision matrices of the catalog say to a failure, in somebody's words."""

from collections.abc import Iterator

from actions.catalog.catalog import Catalog
from actions.catalog.matrix import MatrixRow
from bot.render.advice import Advised


def answers(catalog: Catalog, failure: str, service: str | None) -> tuple[Advised, ...]:
    """The rows that share words with it, those that share most first."""
    wanted = _words(failure)
    found = [
        (len(wanted & _words(" ".join((row.failure, *row.also)))), name, row) for name, row in _rows(catalog, service)
    ]
    best = sorted((each for each in found if each[0]), key=lambda each: -each[0])
    return tuple(Advised(service=name, row=row) for _, name, row in best)


def _rows(catalog: Catalog, service: str | None) -> Iterator[tuple[str, MatrixRow]]:
    for name, entry in catalog.services.items():
        if service in (None, name):
            yield from ((name, row) for row in entry.matrix)


def _words(text: str) -> frozenset[str]:
    return frozenset(word for word in text.casefold().split() if len(word) > 2)
