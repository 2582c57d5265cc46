"""The database that a restore replaced: back in its place, or gone at last. Both are on the record."""

from actions.backup.connecting import place_of
from actions.errors import BackoutError
from actions.history.record import Entry, append
from actions.restore.alone import only_one_restores
from actions.restore.intending import refuse_beside_a_rollback
from actions.restore.kept import KeptDatabase, drop_kept, kept_databases
from actions.restore.premises import Premises
from actions.restore.swapping import SwapOrder, Swapped, swap_back


def kept_of(premises: Premises) -> tuple[KeptDatabase, ...]:
    """The newest first; none when the server does not answer."""
    if premises.service.database is None:
        return ()
    try:
        return kept_databases(premises.admin_url, database=place_of(premises.url)[2])
    except BackoutError:
        return ()


def swap_it_back(premises: Premises, name: str) -> Swapped:
    """In about a second; the one that is live now is kept in its turn."""
    refuse_beside_a_rollback(premises)
    return put_back(premises, name)


def put_back(premises: Premises, name: str) -> Swapped:
    """The same, as part of a rollback."""
    live = place_of(premises.url)[2]
    order = SwapOrder(
        admin_url=premises.admin_url, live=live, other=name, because=f"the return of {name}", now=premises.now()
    )
    with only_one_restores(premises.admin_url, live):
        swapped = swap_back(order)
    _record(premises, "restore.undone", name, kept_as=swapped.kept_as)
    return swapped


def drop_it(premises: Premises, name: str) -> None:
    """RefusedError for whatever is not one that we kept."""
    refuse_beside_a_rollback(premises)
    drop_kept(premises.admin_url, name, database=place_of(premises.url)[2])
    _record(premises, "restore.kept_dropped", name, kept_as=None)


def _record(premises: Premises, kind: str, name: str, *, kept_as: str | None) -> None:
    details = {"service": premises.service.name, "database": name, "kept_as": kept_as}
    with premises.history.writing() as connection:
        append(connection, Entry(kind=kind, actor=premises.actor, details=details))
