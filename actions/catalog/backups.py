"""How backups of a service are taken, kept and judged too old."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from actions.catalog.durations import Duration, Pause
from actions.catalog.entry import ONE_OR_MANY, Entry
from actions.catalog.envref import EnvRef
from actions.catalog.schedules import Cron, TimeZone
from actions.catalog.stores import StoreRef
from actions.catalog.values import AtLeastOne, ComposeName, Count


class Retention(Entry):
    """Which backups are kept. A number alone is short for `last`."""

    short_form: ClassVar[str | None] = "last"
    short_types: ClassVar[tuple[type, ...]] = (int,)
    short_schema: ClassVar[Mapping[str, Any]] = {"type": "integer", "minimum": 1}

    last: AtLeastOne = Field(default=7, description="How many of the latest are kept.")
    daily: Count = Field(default=0, description="For how many days the last of each day is kept as well.")
    weekly: Count = Field(default=0, description="For how many weeks the last of each week is kept as well.")
    monthly: Count = Field(default=0, description="For how many months the last of each month is kept as well.")
    min_age: Pause = Field(default=timedelta(0), description="Nothing younger than this is deleted.")


class Schedule(Entry):
    """When backups are taken without being asked for. A cron expression alone is short for `cron`."""

    short_form: ClassVar[str | None] = "cron"

    cron: Cron = Field(description="Minute, hour, day, month, weekday: `0 3 * * *` is every night at three.")
    timezone: TimeZone = Field(default="UTC", description="The time zone of the expression.")


class Backups(Entry):
    """Backups of one service."""

    strategy: Literal["dump", "clone", "both"] = Field(
        default="dump",
        description="`dump` (to the stores), `clone` (a copy on the same server: back in seconds), or `both`.",
    )
    format: Literal["parallel", "plain"] = Field(
        default="parallel",
        description="`parallel` is fast both ways; `plain` is one `.sql.gz` with `--clean --if-exists` for any psql.",
    )
    stores: Annotated[tuple[StoreRef, ...], ONE_OR_MANY] = Field(
        default=(), description="Where copies are kept, the first one first. Left out: a folder in Backout's home."
    )
    keep: Retention = Field(default=Retention(), description="Which are kept; the last proven one always is.")
    schedule: Schedule | None = Field(default=None, description="When backups are taken without being asked for.")
    encryption_key: EnvRef | None = Field(
        default=None, description="Variable with the key with which they are encrypted. Left out: they are not."
    )
    max_age: Duration = Field(
        default=timedelta(days=1), description="Older ones are offered with a warning that newer data is not in them."
    )
    volumes: tuple[ComposeName, ...] = Field(
        default=(), description="Named compose volumes that are archived with the database."
    )
    jobs: AtLeastOne | None = Field(
        default=None, le=64, description="How many tables at once. Left out: what the machine and server can bear."
    )
