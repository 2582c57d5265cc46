"""The permanent link of a rollback's card, asked for once."""

from actions.history.announcements import told_about
from actions.history.values import RollbackId
from bot.presence import Presence
from bot.slack_api import SlackError

CARD = "card"
MOST_KEPT = 5_000
_known: dict[tuple[str, str], str] = {}


def card_link(presence: Presence, rollback: RollbackId) -> str | None:
    """None while there is no card, or Slack does not say."""
    with presence.desk.history.reading() as connection:
        told = told_about(connection, rollback)
    card = told.said.get(CARD)
    return link_of(presence, told.place.place, card.ref if card else None)


def link_of(presence: Presence, place: str | None, ref: str | None) -> str | None:
    if place is None or ref is None:
        return None
    if (place, ref) not in _known:
        try:
            found = presence.slack.call("chat.getPermalink", channel=place, message_ts=ref)
        except SlackError:
            return None
        if len(_known) >= MOST_KEPT:
            _known.clear()
        _known[place, ref] = str(found["permalink"])
    return _known[place, ref]
