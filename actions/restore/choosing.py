"""Which backup is meant by a name, or by `latest`. Pure."""

from actions.backup.naming import parse
from actions.errors import ConfigurationError, RefusedError
from actions.history.values import BackupState
from actions.restore.listing import Listed, Listing

LATEST = "latest"


def choose(listing: Listing, wanted: str, *, whole_only: bool = True) -> Listed:
    """`latest` is the newest that is proven, else the newest that is complete, a safety backup last: it has what the
    restore was to repair. ConfigurationError when there is none of
    that name; RefusedError, with `whole_only`, when it is one that must not be relied on.
    """
    if wanted == LATEST:
        return _latest(listing)
    found = next((each for each in listing.backups if each.name == wanted), None)
    if found is None:
        raise _unknown(listing, wanted)
    if whole_only and not found.restorable:
        why = f": {found.why}" if found.why else ""
        state = found.state or "nowhere to be found"
        raise RefusedError(
            f"Backup {found.name} is {state}{why}",
            next_step=f"`backout backups {listing.service}` shows those that can be restored.",
        )
    return found


def newer_than(listing: Listing, chosen: Listed) -> tuple[Listed, ...]:
    """Complete ones that were taken later."""
    return tuple(each for each in listing.backups if each.restorable and each.taken_at > chosen.taken_at)


def _latest(listing: Listing) -> Listed:
    complete = [each for each in listing.backups if each.restorable and each.strategy != "clone"]
    proven = [each for each in complete if each.state is BackupState.PROVEN]
    if not complete:
        away = "; ".join(f"{title} does not answer: {why}" for title, why in listing.away.items())
        raise ConfigurationError(
            f"There is no complete backup of {listing.service}{f' ({away})' if away else ''}",
            next_step=f"`backout backups {listing.service}` shows what there is.",
        )
    wanted = [each for each in complete if not (each.purpose or "").startswith("before ")]
    return max(proven or wanted or complete, key=lambda each: (each.taken_at, each.name))


def _unknown(listing: Listing, wanted: str) -> ConfigurationError:
    parsed = parse(wanted)
    if parsed is not None and parsed.service != listing.service:
        return ConfigurationError(
            f"{wanted} is a backup of {parsed.service}, not of {listing.service}",
            next_step=f"`backout backups {listing.service}` lists those there are.",
        )
    away = "".join(f"; {title} does not answer" for title in listing.away)
    return ConfigurationError(
        f"There is no backup {wanted[:100]} of {listing.service}{away}",
        next_step=f"`backout backups {listing.service}` lists those there are; `latest` is the newest proven one.",
    )
