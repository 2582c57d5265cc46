"""Everything the environment decides, read once at the start.

Empty means unset. All that is wrong is said at once, by name and with what to do. Values of secrets are
wrapped, so that neither `repr` nor a traceback shows them, and every log line is told to mask them.
"""

import difflib
import os
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from actions.errors import ConfigurationError
from actions.redaction import learn_secret
from bot.logs import LogFormat, LogLevel


class SlackMode(StrEnum):
    SOCKET = "socket"
    HTTP = "http"


def _starting_with(start: str) -> AfterValidator:
    def check(value: SecretStr) -> SecretStr:
        if not value.get_secret_value().startswith(start):
            raise ValueError(f"does not look right: it should start with {start}. Copy it again from your Slack app.")
        return value

    return AfterValidator(check)


def _one_of(kind: type[StrEnum]) -> BeforeValidator:
    def check(text: Any) -> Any:
        if str(text).lower() not in list(kind):
            raise ValueError(f"{str(text)!r} is not one of {', '.join(kind)}.")
        return str(text).lower()

    return BeforeValidator(check)


def _web_address(text: str) -> str:
    try:
        parts = urlsplit(text)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        fine = False
    if not fine:
        raise ValueError("is not a web address; it should look like https://slack.com/api/.")
    return text if text.endswith("/") else text + "/"


def _postgres_url(value: SecretStr) -> SecretStr:
    """In the one form that everything of ours understands."""
    scheme, separator, rest = value.get_secret_value().partition("://")
    if not separator or scheme.split("+")[0] not in ("postgresql", "postgres") or not rest:
        raise ValueError("is not a PostgreSQL URL; it should look like postgresql://USER:PASSWORD@HOST:5432/NAME.")
    try:
        urlsplit(f"postgresql://{rest}").port  # noqa: B018 because asking is what checks it
    except ValueError:
        raise ValueError("has a port that is not a number, or a password with characters to be %-encoded.") from None
    return SecretStr(f"postgresql://{rest}")


def _listed(kind: str, letters: str) -> BeforeValidator:
    """Ids between commas or spaces."""

    def split(text: Any) -> Any:
        if not isinstance(text, str):
            return text
        found = tuple(text.replace(",", " ").split())
        wrong = [each for each in found if not re.fullmatch(rf"[{letters}][A-Z0-9]{{2,20}}", each)]
        if wrong:
            raise ValueError(f"has {wrong[0][:40]!r} in it, which is no id of a {kind}, such as {letters[0]}012AB3CD.")
        return found

    return BeforeValidator(split)


def _place_to_listen(text: str) -> str:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError("is not an address and a port, such as 127.0.0.1:3000.")
    return text


def _absolute(path: Path) -> Path:
    try:
        return path.expanduser().absolute()
    except RuntimeError:
        raise ValueError("starts with a ~ that belongs to nobody here.") from None


def _lease(text: Any) -> Any:
    """Below the shortest, a busy machine loses it for nothing; above the longest, a dead runner is not replaced in time."""
    if isinstance(text, timedelta):
        return text
    found = re.fullmatch(r"([0-9]{1,3})s", str(text))
    if not found or not SHORTEST_LEASE <= timedelta(seconds=int(found[1])) <= LONGEST_LEASE:
        raise ValueError("is not a number of seconds from 3s to 600s, such as 20s.")
    return timedelta(seconds=int(found[1]))


SHORTEST_LEASE, LONGEST_LEASE = timedelta(seconds=3), timedelta(minutes=10)
Folder = Annotated[Path, AfterValidator(_absolute)]


class Settings(BaseModel):
    """One value per setting; the alias is the variable, the description its line in `.env.example`."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    slack_bot_token: Annotated[SecretStr, _starting_with("xoxb-")] | None = Field(
        None, alias="SLACK_BOT_TOKEN", description="The bot's token, from OAuth & Permissions of your Slack app."
    )
    slack_app_token: Annotated[SecretStr, _starting_with("xapp-")] | None = Field(
        None,
        alias="SLACK_APP_TOKEN",
        description="App-level token with connections:write; needed when SLACK_MODE is socket.",
    )
    slack_signing_secret: SecretStr | None = Field(
        None,
        alias="SLACK_SIGNING_SECRET",
        description="From Basic Information of your Slack app; needed when SLACK_MODE is http.",
    )
    slack_mode: Annotated[SlackMode, _one_of(SlackMode)] = Field(
        SlackMode.SOCKET,
        alias="SLACK_MODE",
        description="How Slack reaches the bot: socket (no public address needed) or http.",
    )
    slack_api_url: Annotated[str, AfterValidator(_web_address)] = Field(
        "https://slack.com/api/", alias="SLACK_API_URL", description="The Slack to talk to, if it is not slack.com."
    )
    slack_workspaces: Annotated[tuple[str, ...], _listed("workspace", "T")] = Field(
        (),
        alias="SLACK_WORKSPACES",
        description="Ids of the workspaces whose people may use it (T..., commas between); unset means the bot's own.",
    )
    slack_channels: Annotated[tuple[str, ...], _listed("channel", "CG")] = Field(
        (),
        alias="SLACK_CHANNELS",
        description="Ids of the channels where `/rollback` may be used (C..., commas between); unset means everywhere.",
    )
    listen: Annotated[str, AfterValidator(_place_to_listen)] | None = Field(
        None,
        alias="BACKOUT_LISTEN",
        description="Address and port of /health and /ready, and of Slack's requests when SLACK_MODE is http "
        "(127.0.0.1:3000 then, unless you say another).",
    )
    database_url: Annotated[SecretStr, AfterValidator(_postgres_url)] | None = Field(
        None,
        alias="BACKOUT_DATABASE_URL",
        description="PostgreSQL for our own history; unset means the embedded one in BACKOUT_HOME.",
    )
    catalog: Folder = Field(
        Path("backout.yml"),
        alias="BACKOUT_CATALOG",
        description="The catalog of services: a YAML file or a folder of them.",
        validate_default=True,
    )
    home: Folder = Field(
        ..., alias="BACKOUT_HOME", description="The folder where embedded data and local backups live."
    )
    lease: Annotated[timedelta, BeforeValidator(_lease)] = Field(
        timedelta(seconds=20),
        alias="BACKOUT_LEASE",
        description="After this time without a sign of life of the process that carries a rollback out, another goes on.",
    )
    log: Annotated[LogFormat, _one_of(LogFormat)] = Field(
        LogFormat.TEXT, alias="BACKOUT_LOG", description="Log lines: text (sentences) or json (one object a line)."
    )
    log_level: Annotated[LogLevel, _one_of(LogLevel)] = Field(
        LogLevel.INFO, alias="BACKOUT_LOG_LEVEL", description="How much is logged: debug, info, warning or error."
    )


def names() -> tuple[str, ...]:
    return tuple(field.alias or "" for field in Settings.model_fields.values())


def read_settings(environ: Mapping[str, str]) -> Settings:
    """The settings of this environment, or one error that names everything wrong with it."""
    given = {name: environ[name].strip() for name in names() if environ.get(name, "").strip()}
    problems = _misspelt(environ)
    try:
        settings = Settings.model_validate({"BACKOUT_HOME": default_home(environ), **given})
    except ValidationError as error:
        problems += [_about(str(each["loc"][0]), _sentence(each)) for each in error.errors(include_input=False)]
    if problems:
        raise ConfigurationError("\n".join(problems), next_step="See .env.example for every setting and its meaning.")
    for value in dict(settings).values():
        if isinstance(value, SecretStr):
            learn_secret(value.get_secret_value())
    return settings


def default_home(environ: Mapping[str, str], *, user: Callable[[], int] = os.geteuid) -> Path:
    """Root's own home is closed to the user that the embedded PostgreSQL runs as, so root uses /var/lib."""
    if user() == 0:
        return Path("/var/lib/backout")
    base = environ.get("XDG_DATA_HOME", "").strip()
    return Path(base) / "backout" if base else Path("~/.local/share/backout")


def _sentence(problem: Mapping[str, Any]) -> str:
    reason = (problem.get("ctx") or {}).get("error")
    return str(reason or problem["msg"])


def _about(name: str, sentence: str) -> str:
    """Behind the name of a token and a colon every word is taken for the token itself, and masked."""
    return f"{name} {sentence}" if sentence.startswith("does ") else f"{name}: {sentence}"


def _misspelt(environ: Mapping[str, str]) -> list[str]:
    """Variables that are nearly a setting: reading on as if they were unset would surprise."""
    problems = []
    for name in sorted(environ):
        if name in names() or not name.startswith(("BACKOUT_", "SLACK_")):
            continue
        close = difflib.get_close_matches(name, names(), n=1, cutoff=0.88)
        if close:
            problems.append(f"{name}: there is no such setting. Did you mean {close[0]}?")
    return problems
