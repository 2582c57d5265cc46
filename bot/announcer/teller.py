"""Brings what people see of one rollback in agreement with what they should see, one call at a time."""

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from json import dumps
from typing import Any, Final

from actions.history.announcements import Announcement, Told, gone, intend, note_place, said, told_about
from actions.history.announcers import Lead
from actions.history.database import History
from actions.history.lifecycle import FINAL, Status
from actions.history.processes import certainly_dead
from actions.history.values import RollbackId
from bot.announcer.finding import EVENT_TYPE, find
from bot.announcer.pacing import Pace
from bot.announcer.patience import Patience
from bot.announcer.places import NowhereError, Placing
from bot.announcer.wanted import CARD, Wanted, next_call, wanted
from bot.links import link_of
from bot.presence import Presence
from bot.render.message import Message
from bot.render.scene import Scene
from bot.scenes import scene_of
from bot.slack_api import SlackError

log = logging.getLogger(__name__)

GATHERED: Final = "gathered"
#: The place is not one where we may speak.
_NOWHERE: Final = frozenset(
    {"channel_not_found", "not_in_channel", "is_archived", "restricted_action", "restricted_action_read_only_channel"}
)
#: Slack does not take what we drew.
_CONTENT: Final = frozenset(
    {"invalid_blocks", "invalid_blocks_format", "msg_too_long", "msg_blocks_too_long", "no_text"}
)
_CANNOT_EDIT: Final = frozenset({"cant_update_message", "edit_window_closed"})
_NEVER: Final = float("inf")


@dataclass(frozen=True, kw_only=True)
class Teller:
    presence: Presence
    history: History
    leading: Lead
    pace: Pace
    patience: Patience
    #: Raises when somebody else may tell by now.
    must_lead: Callable[[], None] = field(repr=False)

    def tell(self, rollback: RollbackId) -> float:
        """Does what can be done now; in how many seconds to look again if nothing happens before."""
        with self.history.reading() as connection:
            told = told_about(connection, rollback)
        if told.place.settled:
            return _NEVER
        scene = scene_of(self.history, self.presence.catalog, rollback, with_head=True)
        try:
            return self._tell(scene, told)
        except NowhereError as error:
            self._note_trouble(scene, told, error)
            return self.patience.troubled

    def _tell(self, scene: Scene, told: Told) -> float:
        self.must_lead()
        placing = Placing(presence=self.presence, history=self.history, leading=self.leading)
        try:
            channel = placing.place(scene, told.place)
        except SlackError as error:
            return error.after or self.patience.away
        if channel is None:
            return self._settle(scene) if scene.rollback.status in FINAL else self.patience.idle
        if told.place.trouble is not None:
            self._note(scene.rollback.id, trouble=None)
        self._gather(placing, scene, told, channel)
        waits = list(self._all(scene, told, channel))
        if any(waits):
            return min(each for each in waits if each)
        if scene.rollback.status in FINAL:
            return self._settle(scene)
        if scene.rollback.status in (Status.RUNNING, Status.UNDOING):
            return self.patience.running
        call = next_call(scene)
        return min(self.patience.idle, call.total_seconds() + 0.1) if call else self.patience.idle

    def _all(self, scene: Scene, told: Told, channel: str) -> Iterator[float]:
        """For each message how long it still has to wait; 0: it is there, and shows the truth. In order: what cannot be
        said yet keeps what follows from being said, and nothing from being edited."""
        there, waiting = dict(told.said), False
        card = there.get(CARD)
        link = link_of(self.presence, channel, card.ref if card else None)
        for each in wanted(scene, told.said, link=link):
            known = there.get(each.key)
            if known is not None and known.ref is not None:
                yield self._edit(each, known, channel) if each.edited else 0.0
                continue
            thread = there.get(each.thread) if each.thread else None
            if waiting or (each.thread and (thread is None or thread.ref is None)):
                waiting = True
                yield self.patience.away
                continue
            wait, made = self._post(scene, each, known, channel, thread.ref if thread else None, told)
            if made is not None:
                there[each.key] = made
            waiting = waiting or wait > 0
            # One that was found was said before a crash, and may show what was so then.
            yield self._edit(each, made, channel) if made is not None and made.shown is None else wait

    def _post(
        self, scene: Scene, each: Wanted, known: Announcement | None, channel: str, thread: str | None, told: Told
    ) -> tuple[float, Announcement | None]:  # fmt: skip
        if known is not None:
            sent = self._sent_before(each, known, channel, told)
            if sent is not None:
                return sent
        wait = self.pace.before_post(channel)
        if wait > 0:
            return wait, None
        with self.history.writing() as connection:
            intent = intend(connection, self.leading, scene.rollback.id, each.key, thread=thread, upto=each.upto)
        payload = each.draw().payload
        try:
            ref = self._send(channel, thread, intent, payload)
        except SlackError as error:
            return self._not_sent(error, intent, channel), None
        made = self._said(intent, ref, _digest(payload))
        return 0.0, made

    def _send(self, channel: str, thread: str | None, intent: Announcement, payload: Mapping[str, Any]) -> str:
        self.must_lead()
        where = {"channel": channel, **({"thread_ts": thread} if thread else {})}
        what = {"nonce": intent.nonce, "rollback": str(intent.rollback), "key": intent.key}
        metadata = {"event_type": EVENT_TYPE, "event_payload": what}
        still = {"metadata": metadata, "unfurl_links": False, "unfurl_media": False}
        try:
            answer = self.presence.slack.call("chat.postMessage", **where, **payload, **still)
        except SlackError as error:
            if error.code not in _CONTENT:
                raise
            self._complain(intent, error)
            answer = self.presence.slack.call("chat.postMessage", **where, text=payload["text"], **still)
        return str(answer["ts"])

    def _not_sent(self, error: SlackError, intent: Announcement, channel: str) -> float:
        """What is certain needs no looking for. What is not is looked for before it is sent again."""
        if error.certain:
            with self.history.writing() as connection:
                gone(connection, self.leading, intent)
        if error.code in _NOWHERE:
            raise NowhereError(f"Nothing can be said in {channel}: {error.code}", next_step=error.next_step) from error
        if error.after is not None:
            self.pace.hold("chat.postMessage", channel, error.after)
            return error.after
        log.debug("Not said: %s", error.what, extra={"event": "announcement_failed"})
        return self.patience.away

    def _sent_before(
        self, each: Wanted, known: Announcement, channel: str, told: Told
    ) -> tuple[float, Announcement | None] | None:  # fmt: skip
        """It was about to be sent once. None: it certainly was not."""
        mine = known.begun_by == self.leading.owner or certainly_dead(known.begun_by)
        young = (self.patience.settled if mine else self.patience.unsettled) - (
            told.now - known.begun_at
        ).total_seconds()
        if young > 0:
            return young, None
        try:
            ref = self._find(known, channel)
        except SlackError as error:
            if error.code is not None and error.certain and error.after is None:
                # We may not look. Better twice than never: the second one shows the truth.
                log.warning("It cannot be seen whether a message was sent: %s", error.what, extra={"event": "unseen"})
                return None
            return error.after or self.patience.away, None
        if ref is None:
            return None
        return 0.0, self._said(known, ref, None if each.edited else "")

    def _find(self, known: Announcement, channel: str) -> str | None:
        self.must_lead()
        since, thread = known.begun_at, known.thread
        return find(self.presence.slack, known.nonce, channel=channel, since=since, thread=thread)

    def _edit(self, each: Wanted, known: Announcement, channel: str) -> float:
        message = each.draw()
        digest = _digest(message.payload)
        if known.ref is None or known.shown == digest:
            return 0.0
        wait = self.pace.before_edit(channel, known.ref, urgent=each.urgent)
        if wait > 0:
            return wait
        self.must_lead()
        try:
            self._update(known, channel, message)
        except SlackError as error:
            if error.code == "message_not_found":
                # Somebody removed it. It is the only place where people see the truth, so it is posted anew.
                with self.history.writing() as connection:
                    gone(connection, self.leading, known)
                return self.patience.away
            if error.code in _NOWHERE:
                raise NowhereError(
                    f"Nothing can be said in {channel}: {error.code}", next_step=error.next_step
                ) from error
            if error.code not in _CANNOT_EDIT:
                self.pace.hold("chat.update", channel, error.after or self.patience.away)
                return error.after or self.patience.away
            self._complain(known, error)
        self._said(known, known.ref, digest)
        return 0.0

    def _update(self, known: Announcement, channel: str, message: Message) -> None:
        try:
            self.presence.slack.call("chat.update", channel=channel, ts=known.ref, **message.payload)
        except SlackError as error:
            if error.code not in _CONTENT:
                raise
            self._complain(known, error)
            self.presence.slack.call("chat.update", channel=channel, ts=known.ref, text=message.text, blocks=[])

    def _said(self, what: Announcement, ref: str, shown: str | None) -> Announcement:
        with self.history.writing() as connection:
            return said(connection, self.leading, what, ref=ref, shown=shown)

    def _gather(self, placing: Placing, scene: Scene, told: Told, channel: str) -> None:
        """A channel of its own gets its topic and its people; whatever comes of it, the telling goes on."""
        wanted_place = scene.service.channel if scene.service else None
        known = told.said.get(GATHERED)
        if wanted_place is None or not wanted_place.fresh or (known is not None and known.ref is not None):
            return
        if not self._made_for(scene.rollback.id):
            # The catalog wants a channel of its own only since: this one is everybody's.
            return
        if self.pace.held("conversations.invite", channel) or scene.rollback.status in FINAL:
            return
        with self.history.writing() as connection:
            intent = intend(connection, self.leading, scene.rollback.id, GATHERED)
        try:
            placing.gather(scene, channel)
        except SlackError as error:
            self.pace.hold("conversations.invite", channel, error.after or self.patience.troubled)
            log.warning("#%s has no topic or guests yet: %s", channel, error.what, extra={"event": "gathering_failed"})
        else:
            self._said(intent, "-", "")

    def _made_for(self, rollback: RollbackId) -> bool:
        with self.history.reading() as connection:
            return told_about(connection, rollback).place.wanted_name is not None

    def _settle(self, scene: Scene) -> float:
        self._note(scene.rollback.id, settled=True)
        return _NEVER

    def _note_trouble(self, scene: Scene, told: Told, error: NowhereError) -> None:
        if told.place.trouble != error.what:
            log.error(
                "%s cannot be told: %s. %s", scene.rollback.id, error.what, error.next_step or "",
                extra={"event": "nowhere_to_tell", "rollback": str(scene.rollback.id)},
            )  # fmt: skip
            self._note(scene.rollback.id, trouble=error.what)

    def _note(self, rollback: RollbackId, **learnt: str | bool | None) -> None:
        with self.history.writing() as connection:
            note_place(connection, self.leading, rollback, **learnt)

    def _complain(self, what: Announcement, error: SlackError) -> None:
        log.error(
            "Slack does not take %s of %s as it was drawn (%s)", what.key, what.rollback, error.code,
            extra={"event": "drawing_refused", "rollback": str(what.rollback)},
        )  # fmt: skip


def _digest(payload: Mapping[str, Any]) -> str:
    return sha256(dumps(payload, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
