"""The Home tab: drawn when somebody opens it, or turns its pages."""

from typing import Any

from slack_bolt import App

from actions.history.deliveries import Viewer, note_shown, note_viewer
from bot.errands import Errands
from bot.homes import home_page, stamp
from bot.presence import Presence
from bot.render.buttons import Page
from bot.render.home import home
from bot.visitors import visitor_of


def register(app: App, errands: Errands) -> None:
    @app.event("app_home_opened")
    def opened(body: dict[str, Any], event: dict[str, Any]) -> None:
        if event.get("tab", "home") == "home":
            visitor = visitor_of(body)
            errands.run(visitor, "open Home", lambda _: publish(errands.presence, visitor.user, Page()))


def publish(presence: Presence, person: str, page: Page) -> None:
    """Draws it for one person, and remembers that they have it open."""
    desk = presence.desk
    shown = home_page(desk, page.number)
    with desk.history.writing() as connection:
        note_viewer(connection, person, page.encode())
    presence.slack.call("views.publish", user_id=person, view=home(shown))
    with desk.history.writing() as connection:
        note_shown(connection, Viewer(person=person, page=page.encode(), shown=None), stamp(shown))
