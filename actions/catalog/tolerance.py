"""How far a number may be from another one: `5`, or a share such as `1%`."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer

from actions.catalog.entry import Entry, InEditor, expected
from actions.catalog.values import Flag


class Tolerance(Entry):
    """How far a number may be from the expected one."""

    by: float = Field(ge=0, allow_inf_nan=False, description="The distance itself, or in percent.")
    percent: Flag = Field(default=False, description="Whether `by` is a share of the expected number.")

    def accepts(self, *, wanted: float, seen: float) -> bool:
        return abs(seen - wanted) <= (abs(wanted) * self.by / 100 if self.percent else self.by)

    def __str__(self) -> str:
        return f"{self.by:g}{'%' if self.percent else ''}"


def _tolerance(written: Any) -> Any:
    if isinstance(written, Tolerance):
        return written
    number = written.removesuffix("%").strip() if isinstance(written, str) else written
    percent = isinstance(written, str) and written.endswith("%")
    if isinstance(number, str) and percent and number.replace(".", "", 1).isascii() and len(number) < 10:
        number = float(number) if number.replace(".", "", 1).isdigit() else None
    if not isinstance(number, int | float) or isinstance(number, bool) or not 0 <= number < 1e15:
        raise expected("a number, or a share such as `5%`")
    return Tolerance(by=float(number), percent=percent)


Allowance = Annotated[
    Tolerance,
    BeforeValidator(_tolerance),
    PlainSerializer(str, return_type=str),
    InEditor({"anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": "^[0-9.]+ *%$"}]}),
]
