"""Where a rollback is told: the channel that the catalog names, or a new one of its own."""

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from actions.catalog.people import Approvers, Channel
from actions.errors import UnavailableError
from actions.history.announcements import Place, note_place
from actions.history.announcers import Lead
from actions.history.database import History
from actions.history.values import Rollback
from bot.presence import Presence
from bot.render.foreign import plain
from bot.render.scene import Scene
from bot.slack_api import SlackError

log = logging.getLogger(__name__)

_ID: Final = re.compile(r"[CG][A-Z0-9]{7,20}")
LONGEST_NAME = 80
MOST_TRIES = 30
#: conversations.invite takes a hundred at a time at the very least.
AT_ONCE = 100
LONGEST_TOPIC = 250
PAGE = 999


class NowhereError(UnavailableError):
    """There is no place to tell it, or we may not speak there."""


@dataclass(frozen=True, kw_only=True)
class Placing:
    """Finds or makes the place of one rollback."""

    presence: Presence
    history: History
    leading: Lead

    def place(self, scene: Scene, place: Place) -> str | None:
        """None: nobody asked to be told anywhere. NowhereError: it cannot be told where it should be."""
        if place.place is not None:
            return place.place
        wanted = scene.service.channel if scene.service else None
        if wanted is not None and wanted.fresh:
            found: str | None = self._fresh(scene, wanted, place)
        elif wanted is not None and wanted.name:
            named = wanted.name if _ID.fullmatch(wanted.name) else self._named(wanted.name.lstrip("#"))
            self._join(named)
            found = named
        else:
            found = place.asked_in
        if found is not None:
            self._note(scene.rollback, place=found, trouble=None)
        return found

    def gather(self, scene: Scene, channel: str) -> None:
        """A channel of its own gets a topic and its people. Each of it bears being done again."""
        wanted = scene.service.channel if scene.service else None
        rollback = scene.rollback
        topic = plain(f"{rollback.id}: {rollback.service} ({rollback.environment}) is to go back. {rollback.reason}")
        self.presence.slack.call("conversations.setTopic", channel=channel, topic=topic[:LONGEST_TOPIC])
        people = list(dict.fromkeys(self._people(scene, wanted)))
        for start in range(0, len(people), AT_ONCE):
            self._invite(channel, people[start : start + AT_ONCE])

    def _people(self, scene: Scene, wanted: Channel | None) -> Iterator[str]:
        if re.fullmatch(r"[UW][A-Z0-9]{2,20}", scene.rollback.requester):
            yield scene.rollback.requester
        approvers = scene.service.approvers if scene.service else None
        if wanted is None or wanted.invite != "approvers" or approvers is None:
            return
        yield from self._members(approvers)

    def _members(self, approvers: Approvers) -> tuple[str, ...]:
        if approvers.group:
            try:
                return self.presence.people.members(approvers.group)
            except UnavailableError as error:
                log.warning(
                    "The approvers' group cannot be read (%s); those named in the catalog are invited", error.what,
                    extra={"event": "group_unread"},
                )  # fmt: skip
        return approvers.users

    def _invite(self, channel: str, people: list[str]) -> None:
        try:
            self.presence.slack.call("conversations.invite", channel=channel, users=",".join(people), force=True)
        except SlackError as error:
            if error.code is None or error.after is not None:
                raise
            # Some of them are there, or are gone: the others were invited, and all were mentioned.
            log.info("Not everybody could be invited: %s", error.what, extra={"event": "invited_in_part"})

    def _fresh(self, scene: Scene, wanted: Channel, place: Place) -> str:
        """Its name is written down before it is made: one that was made before a crash is found by it."""
        base = channel_name(wanted.fresh or "inc", scene.rollback)
        name = place.wanted_name
        if name is not None and (made := self._ours(name)) is not None:
            return made
        for number in range(1, MOST_TRIES + 1):
            tried = base if number == 1 else f"{base[: LONGEST_NAME - 3]}-{number}"
            self._note(scene.rollback, wanted_name=tried)
            try:
                answer = self.presence.slack.call("conversations.create", name=tried, is_private=False)
            except SlackError as error:
                if error.code == "name_taken":
                    continue
                if error.code is not None and error.certain and error.after is None:
                    raise NowhereError(f"#{tried} cannot be made: {error.what}", next_step=error.next_step) from error
                raise
            return str(answer["channel"]["id"])
        raise NowhereError(f"Every name like #{base} is taken")

    def _ours(self, name: str) -> str | None:
        """A channel of that name that we made ourselves."""
        found = self._find(lambda channel: channel.get("name") == name)
        if found is None or found.get("creator") != self.presence.workspace.bot_user:
            return None
        return str(found["id"])

    def _named(self, name: str) -> str:
        found = self._find(lambda channel: channel.get("name") == name)
        if found is None:
            raise NowhereError(
                f"There is no channel #{name}, or it is private and the bot is not in it",
                next_step="Correct `channel` in the catalog, or invite the bot there.",
            )
        return str(found["id"])

    def _find(self, fits: Callable[[Mapping[str, Any]], bool]) -> Mapping[str, Any] | None:
        cursor = ""
        while True:
            answer = self.presence.slack.call(
                "conversations.list", types="public_channel,private_channel", exclude_archived=True, limit=PAGE,
                **({"cursor": cursor} if cursor else {}),
            )  # fmt: skip
            for channel in answer.get("channels") or ():
                if fits(channel):
                    found: Mapping[str, Any] = channel
                    return found
            cursor = str((answer.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                return None

    def _join(self, channel: str) -> None:
        """To read there what we said before a crash. A private one has to invite us; then we are in it already."""
        try:
            self.presence.slack.call("conversations.join", channel=channel)
        except SlackError as error:
            if error.code is None or error.after is not None:
                raise

    def _note(self, rollback: Rollback, **learnt: str | None) -> None:
        with self.history.writing() as connection:
            note_place(connection, self.leading, rollback.id, **learnt)


def channel_name(start: str, rollback: Rollback) -> str:
    """`inc-rb-142-content-api`: small letters, digits, hyphens; at most eighty."""
    name = f"{start}-{rollback.id}-{rollback.service}".lower()
    return re.sub(r"[^a-z0-9_-]+", "-", name)[:LONGEST_NAME].rstrip("-")
