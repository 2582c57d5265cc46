"""Times that come again: cron expressions, opening hours, time zones."""

import datetime as dt
import re
import zoneinfo
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer

from actions.catalog.entry import ONE_OR_MANY, Entry, InEditor, expected, sentence
from actions.catalog.problems import did_you_mean
from actions.catalog.values import Line
from actions.catalog.wording import shown


def _cron(text: str) -> str:
    from croniter import croniter

    what = "a cron expression of five fields (minute hour day month weekday), such as `0 3 * * *`"
    if len(text) > 200 or len(text.split()) != 5 or not re.fullmatch(r"[0-9A-Za-z*/,#? \t-]+", text):
        raise expected(what)
    try:
        croniter(text)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError):
        # croniter's own errors are ValueErrors; the others escape it on odd input.
        raise expected(what) from None
    return text


Cron = Annotated[Line, AfterValidator(_cron), InEditor({"type": "string", "examples": ["0 3 * * *", "*/15 * * * *"]})]


def zone(name: str) -> dt.tzinfo:
    """The time zone of a name that the catalog has accepted. UTC needs no time zone database."""
    return dt.UTC if name == "UTC" else zoneinfo.ZoneInfo(name)


def _zone_name(text: str) -> str:
    try:
        zone(text)
    except (KeyError, ValueError, OSError):
        hint = did_you_mean(text, zoneinfo.available_timezones())
        raise sentence(
            f"There is no time zone {shown(text)}.", hint or "Write one such as `Europe/Berlin` or `UTC`."
        ) from None
    return text


TimeZone = Annotated[
    Line, AfterValidator(_zone_name), InEditor({"type": "string", "examples": ["UTC", "Europe/Berlin"]})
]


def _clock_time(written: Any) -> dt.time:
    if isinstance(written, dt.time):
        return written
    match = re.fullmatch(r"([01][0-9]|2[0-3]):([0-5][0-9])", written, re.ASCII) if isinstance(written, str) else None
    if match is None:
        raise expected("a time of day such as `22:30`")
    return dt.time(int(match[1]), int(match[2]))


ClockTime = Annotated[
    dt.time,
    BeforeValidator(_clock_time),
    PlainSerializer(lambda time: f"{time:%H:%M}", return_type=str),
    InEditor({"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$", "examples": ["22:30"]}),
]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEK: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Window(Entry):
    """Hours in which something is allowed; a window that closes before it opens runs past midnight."""

    days: Annotated[tuple[Weekday, ...], ONE_OR_MANY] = Field(
        default=WEEK,
        min_length=1,
        description="Days on which it opens: mon, tue, wed, thu, fri, sat, sun. Left out: all.",
    )
    opens: ClockTime = Field(description="When it opens, such as `22:00`.")
    closes: ClockTime = Field(description="When it closes; an earlier time than `opens` is on the next day.")
    timezone: TimeZone = Field(default="UTC", description="The time zone of these hours, such as `Europe/Berlin`.")

    def covers(self, moment: dt.datetime) -> bool:
        """Whether a moment (with its time zone) lies in the window."""
        local = moment.astimezone(zone(self.timezone))
        today, yesterday = WEEK[local.weekday()], WEEK[local.weekday() - 1]
        now = local.time()
        if self.opens < self.closes:
            return today in self.days and self.opens <= now < self.closes
        return (today in self.days and now >= self.opens) or (yesterday in self.days and now < self.closes)
