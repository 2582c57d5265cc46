"""What was received from outside, by its key: of any number of deliveries one is answered; and who looks at the overview."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert

from actions.history.database import History
from actions.history.tables import deliveries, viewers

#: Nobody delivers again after that.
KEEP = timedelta(days=1)
#: Who opened it longer ago has closed it, or sees the truth when they open it again.
LOOKING = timedelta(hours=12)
MOST_VIEWERS = 100
#: What somebody sees, when two drew it at once. It is the hash of nothing.
UNSURE = "?"

_NOW = func.clock_timestamp()


def first_time(history: History, key: str) -> bool:
    """Is this the first delivery? Of any number of processes that ask, one hears yes."""
    with history.writing() as connection:
        statement = insert(deliveries).values(key=key).on_conflict_do_nothing().returning(deliveries.c.key)
        return connection.scalar(statement) is not None


def forget_old_deliveries(connection: Connection) -> None:
    connection.execute(delete(deliveries).where(deliveries.c.at < _NOW - literal(KEEP)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Viewer:
    person: str
    #: Which page they are on.
    page: str
    #: Hash of what they see.
    shown: str | None


def note_viewer(connection: Connection, person: str, page: str) -> None:
    """They have it open, on this page."""
    values = {"page": page, "shown": None, "opened_at": _NOW}
    statement = insert(viewers).values(person=person, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=[viewers.c.person], set_=values))


def note_shown(connection: Connection, viewer: Viewer, shown: str) -> bool:
    """`viewer` as they were when somebody began to draw. False when somebody else drew meanwhile: nobody knows which of the
    two came last, and it has to be drawn anew."""
    mine = viewers.c.person == viewer.person
    same = (viewers.c.page == viewer.page, viewers.c.shown.is_not_distinct_from(viewer.shown))
    if connection.execute(update(viewers).where(mine, *same).values(shown=shown)).rowcount:
        return True
    connection.execute(update(viewers).where(mine).values(shown=UNSURE))
    return False


def looking(connection: Connection) -> tuple[Viewer, ...]:
    """Those who opened it last, first."""
    statement = (
        select(viewers)
        .where(viewers.c.opened_at > _NOW - literal(LOOKING))
        .order_by(viewers.c.opened_at.desc())
        .limit(MOST_VIEWERS)
    )
    return tuple(
        Viewer(person=row["person"], page=row["page"], shown=row["shown"])
        for row in connection.execute(statement).mappings()
    )
