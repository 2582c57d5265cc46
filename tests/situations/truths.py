"""What was measured about one situation, and how it is kept in `truth/<name>.json`."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from tests.situations.situation import HERE

TRUTH = HERE / "truth"


class Class(StrEnum):
    #: Runs, and nothing is missing afterwards that was there before.
    NO_LOSS = "no_loss"
    #: Runs, and rows or values are gone for good.
    LOSES_DATA = "loses_data"
    #: Runs, nothing is lost, but what the upgrade had dropped comes back without its content.
    RECREATED_EMPTY = "recreated_empty"
    #: Runs and sends nothing, though the upgrade did something.
    EMPTY_DOWNGRADE = "empty_downgrade"
    #: The script raises on purpose, with or without rows.
    IRREVERSIBLE = "irreversible"
    FAILS_ALWAYS = "fails_always"
    FAILS_ONLY_WITH_DATA = "fails_only_with_data"


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True)


class Ending(_Kept):
    """How one run of Alembic ended."""

    ok: bool
    error_class: str | None = None
    sqlstate: str | None = None
    message: str | None = None


class Downgrade(Ending):
    #: Where the database stands afterwards.
    stands_at: tuple[str, ...]
    #: It failed, and left something of itself behind.
    partly_applied: bool = False


class RowsChanged(_Kept):
    inserted: int = 0
    updated: int = 0
    deleted: int = 0


class Truth(_Kept):
    """The README says what each field means."""

    class_: Class = Field(alias="class")
    downgrade: Downgrade
    rows_lost: dict[str, int] = {}
    values_lost: dict[str, int] = {}
    older_data_lost: dict[str, int] = {}
    older_columns_changed: tuple[str, ...] = ()
    upgrade_destroyed: dict[str, int] = {}
    recreated_empty: tuple[str, ...] = ()
    reupgrade: Ending | None = None
    schema_round_trip_equal: bool | None = None
    schema_back_to_before: bool | None = None
    schema_drift: tuple[str, ...] = ()
    sequences_behind: tuple[str, ...] = ()
    locks: dict[str, str] = {}
    rows_changed: dict[str, RowsChanged] = {}
    reaches_outside: tuple[str, ...] = ()

    @property
    def loses(self) -> bool:
        return bool(self.rows_lost or self.values_lost or self.older_data_lost)


def spell(truth: Truth) -> str:
    return truth.model_dump_json(indent=2) + "\n"


def stored(name: str) -> Truth | None:
    path = TRUTH / f"{name}.json"
    return Truth.model_validate_json(path.read_text(encoding="utf-8")) if path.exists() else None


def store(name: str, truth: Truth) -> None:
    TRUTH.mkdir(exist_ok=True)
    (TRUTH / f"{name}.json").write_text(spell(truth), encoding="utf-8")
