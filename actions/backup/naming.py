"""What a backup is called: `SERVICE_YYYYMMDD_HHMMSS_xxxx`, which sorts by time within a service and is a folder's name."""

import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from actions.errors import BackoutError

_NAME = re.compile(
    r"(?P<service>[a-z](?:[a-z0-9-]{0,46}[a-z0-9])?)_(?P<time>[0-9]{8}_[0-9]{6})_(?P<mark>[0-9a-f]{4})", re.ASCII
)
_TIME = "%Y%m%d_%H%M%S"


@dataclass(frozen=True, kw_only=True, slots=True)
class BackupName:
    """A name, taken apart; `str` puts it together again."""

    service: str
    #: In UTC, to the second.
    taken_at: datetime
    #: Four random digits: two backups of one second differ in it.
    mark: str

    def __str__(self) -> str:
        return f"{self.service}_{self.taken_at.strftime(_TIME)}_{self.mark}"


def new_name(service: str, now: datetime) -> str:
    """A name that no backup has yet; `now` knows its time zone."""
    moment = now.astimezone(UTC).replace(microsecond=0)
    name = str(BackupName(service=service, taken_at=moment, mark=secrets.token_hex(2)))
    if now.tzinfo is None or parse(name) is None:
        raise ValueError(f"{service!r} at {now} does not make a backup's name")
    return name


def parse(name: str) -> BackupName | None:
    """None when no backup of ours is called that."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    try:
        moment = datetime.strptime(match["time"], _TIME).replace(tzinfo=UTC)
    except ValueError:
        return None
    return BackupName(service=match["service"], taken_at=moment, mark=match["mark"])


def parsed(name: str) -> BackupName:
    """As `parse`, for a name that somebody gave us; BackoutError when it is none."""
    found = parse(name)
    if found is None:
        raise BackoutError(
            f"`{name[:100]}` is not the name of a backup",
            next_step="`backout backups SERVICE` lists them; they look like `shop_20260131_030000_4f2a`.",
        )
    return found
