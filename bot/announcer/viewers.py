"""Those who have Home open see it change: lazily, a few at a time, and only when something is different."""

import logging
import time
from dataclasses import dataclass, field

from actions.history.announcers import Lead, still_leads
from actions.history.database import History
from actions.history.deliveries import Viewer, looking, note_shown
from bot.homes import home_page, stamp
from bot.presence import Presence
from bot.render.buttons import Page
from bot.render.home import HomePage, home
from bot.slack_api import SlackError

log = logging.getLogger(__name__)

EVERY_SECONDS = 5.0
#: Revisions that were seen are no entries of the record.
ANYWAY_SECONDS = 60.0
#: Somebody may open it in the very moment at which something is written, and be seen a little later.
NOBODY_SECONDS = 15.0
AT_ONCE = 5


@dataclass
class Viewers:
    presence: Presence
    history: History
    _next: float = 0.0
    _anyway: float = 0.0
    _stamp: int = field(default=-1)

    def look(self, leading: Lead, written: int) -> None:
        """Now and then; a fault of Slack's is no reason to stop. `written`: the stamp of the record as it is now."""
        now = time.monotonic()
        if now < self._next or (written == self._stamp and now < self._anyway):
            return
        self._next = now + EVERY_SECONDS
        with self.history.reading() as connection:
            people = looking(connection)
        try:
            left = self._publish(leading, people)
        except SlackError as error:
            self._next = now + (error.after or EVERY_SECONDS)
            return
        if not left:
            self._stamp, self._anyway = written, now + (ANYWAY_SECONDS if people else NOBODY_SECONDS)

    def _publish(self, leading: Lead, people: tuple[Viewer, ...]) -> bool:
        """Whether somebody still has to wait."""
        done, again, pages = 0, False, dict[int, HomePage]()
        for viewer in people:
            page = Page.decode(viewer.page) or Page()
            if page.number not in pages:
                pages[page.number] = home_page(self.presence.desk, page.number)
            wanted = pages[page.number]
            if viewer.shown == stamp(wanted):
                continue
            if done >= AT_ONCE:
                return True
            try:
                self.presence.slack.call("views.publish", user_id=viewer.person, view=home(wanted))
            except SlackError as error:
                if error.code is None or error.after is not None:
                    raise
                log.info("Home of somebody cannot be drawn: %s", error.what, extra={"event": "home_failed"})
            with self.history.writing() as connection:
                still_leads(connection, leading)
                again = not note_shown(connection, viewer, stamp(wanted)) or again
            done += 1
        return again
