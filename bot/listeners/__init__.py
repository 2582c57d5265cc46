"""What Slack sends: each listener acknowledges, decodes, and hands the rest to an errand that calls one verb and answers."""

from slack_bolt import App

from bot.errands import Errands
from bot.listeners import buttons, commands, dialogs, home


def register(app: App, errands: Errands) -> None:
    commands.register(app, errands)
    buttons.register(app, errands)
    dialogs.register(app, errands)
    home.register(app, errands)
