"""What the decision matrices and the triggers of the catalog say to a failure, in somebody's words."""

from actions.catalog.catalog import Catalog
from actions.run.runbooks.advising import advise
from bot.render.advice import Advised


def answers(catalog: Catalog, failure: str, service: str | None) -> tuple[Advised, ...]:
    """The best first; none when nothing fits."""
    found = advise(catalog.services, failure, service)
    return tuple(Advised(service=each.service, row=each.as_row()) for each in found)
