"""One situation: a small Alembic project with its data, and what an assessment must at least say about it."""

import shutil
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

HERE = Path(__file__).parent
CASES = HERE / "cases"
SHARED = HERE / "shared"

#: What describes the situation rather than belongs to the project in it.
NOT_THE_PROJECT = ("situation.yml", "data.sql", "data_before.sql")


class Risk(StrEnum):
    NONE = "none"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        return list(Risk).index(self)


class Handover(BaseModel):
    """How the project is told its database's URL: exactly one way, in the catalog's words."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    env: str | None = None
    argument: str | None = None
    option: str | None = None
    scheme: str | None = None

    @model_validator(mode="after")
    def exactly_one_way(self) -> Self:
        if sum(way is not None for way in (self.env, self.argument, self.option)) != 1:
            raise ValueError("say one of `env`, `argument` and `option`")
        return self

    def spell(self, url: str) -> str:
        return url if self.scheme is None else f"{self.scheme}://{url.partition('://')[2]}"


def _as_text(written: Any) -> Any:
    # YAML reads -1 as a number; revisions are text.
    return str(written) if isinstance(written, int) else written


Revision = Annotated[str, BeforeValidator(_as_text)]


class Situation(BaseModel):
    """What `situation.yml` says; unknown words are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    name: str
    what: str = Field(min_length=10)
    from_revision: Revision = Field(default="head", alias="from")
    to: Revision = "-1"
    #: Where the database stands before the upgrade; left out, it follows from `to` (and must be said for branches).
    before: tuple[Revision, ...] = ()
    tags: tuple[str, ...] = ()
    at_least: Risk
    at_most: Risk | None = None
    seed002: str | None = Field(default=None, pattern=r"^kind [1-6]$")
    url: Handover = Handover(env="DATABASE_URL")
    #: Only where `url` is what the team believes and the project does something else.
    really: Handover | None = None
    version_table: str = "alembic_version"
    #: Python modules without which the project cannot run.
    needs: tuple[str, ...] = ()

    @model_validator(mode="after")
    def at_most_is_not_below_at_least(self) -> Self:
        if self.at_most is not None and self.at_most.rank < self.at_least.rank:
            raise ValueError("`at_most` is below `at_least`")
        return self

    @property
    def folder(self) -> Path:
        return CASES / self.name

    @property
    def data_before(self) -> str:
        return _text_of(self.folder / "data_before.sql")

    @property
    def data(self) -> str:
        return _text_of(self.folder / "data.sql")


def _text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def names() -> list[str]:
    return sorted(path.parent.name for path in CASES.glob("*/situation.yml"))


def load(name: str) -> Situation:
    with (CASES / name / "situation.yml").open(encoding="utf-8") as file:
        written: Mapping[str, Any] = yaml.load(file, Loader=yaml.CSafeLoader)
    return Situation.model_validate({"name": name, **written})


def lay_out(situation: Situation, folder: Path) -> Path:
    """A complete project of its own in `folder`, in which plain `alembic` works; the folder is returned."""
    shutil.copytree(SHARED, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    left_out = shutil.ignore_patterns(*NOT_THE_PROJECT, "__pycache__")
    shutil.copytree(situation.folder, folder, dirs_exist_ok=True, ignore=left_out)
    return folder
