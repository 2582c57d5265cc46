"""The permanent link of a rollback's card, asked for once."""

from actions.history.announcements import told_about
from actions.history.values import RollbackId
from bot.presence import Presence
from bot.slack_api import SlackError

CARD = "card"
_known: dict[tuple[str, str], str] = {}


def card_link(presence: Presence, rollback: RollbackId) -> str | None:
    """None while there is no card, or Slack does not say."""
    with presence.desk.history.reading() as connection:
        told = told_about(connection, rollback)
    card = told.said.get(CARD)
    if card is None or card.ref is None or told.place.place is None:
        return None
    where = (told.place.place, card.ref)
    if where not in _known:
        try:
            found = presence.slack.call("chat.getPermalink", channel=where[0], message_ts=where[1])
        except SlackError:
            return None
        _known[where] = str(found["permalink"])
    return _known[where]
