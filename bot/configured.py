"""Is there a Slack to serve? Nothing of Slack is loaded for this question."""

from actions.errors import ConfigurationError
from bot.settings import Settings, SlackMode


def missing_settings(settings: Settings) -> tuple[str, ...]:
    """What the mode needs and is not set."""
    needed = {"SLACK_BOT_TOKEN": settings.slack_bot_token}
    if settings.slack_mode is SlackMode.SOCKET:
        needed["SLACK_APP_TOKEN"] = settings.slack_app_token
    else:
        needed["SLACK_SIGNING_SECRET"] = settings.slack_signing_secret
    return tuple(name for name, value in needed.items() if value is None)


def must_be_configured(settings: Settings) -> None:
    missing = missing_settings(settings)
    if missing:
        raise ConfigurationError(
            f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set, so there is no Slack to serve "
            f"(SLACK_MODE is {settings.slack_mode})",
            where="backout serve",
            next_step="docs/operate/slack.md connects a workspace in five minutes. "
            "`backout serve --workers-only` does the background work without Slack.",
        )
