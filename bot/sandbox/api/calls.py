"""A call's arguments, and how it is refused."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Never

Json = dict[str, Any]


class Refusal(Exception):  # noqa: N818 because it is an answer of Slack's, not an error of ours
    """`{"ok": false, "error": code}`, with whatever else Slack says."""

    def __init__(self, code: str, **more: Any) -> None:
        super().__init__(code)
        self.code = code
        self.more = more


def refuse_arguments(*messages: str) -> Never:
    raise Refusal("invalid_arguments", response_metadata={"messages": [f"[ERROR] {each}" for each in messages]})


def refuse_blocks(messages: Sequence[str]) -> Never:
    told = [f"[ERROR] {each}" for each in messages]
    raise Refusal("invalid_blocks", errors=list(messages), response_metadata={"messages": told})


class Arguments:
    """From a form, where everything is text, or from JSON."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = {name: value for name, value in given.items() if value is not None}

    def __contains__(self, name: str) -> bool:
        return name in self._given

    def text(self, name: str) -> str:
        """Required."""
        value = self._given.get(name)
        if value is None or value == "":
            refuse_arguments(f"missing required field: {name}")
        return self._as_text(name, value)

    def text_or(self, name: str, otherwise: str = "") -> str:
        value = self._given.get(name)
        return otherwise if value is None else self._as_text(name, value)

    def _as_text(self, name: str, value: Any) -> str:
        if isinstance(value, str):
            return value
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
        refuse_arguments(f"must be a string [json-pointer:/{name}]")

    def flag(self, name: str, *, otherwise: bool = False) -> bool:
        value = self._given.get(name)
        if value is None:
            return otherwise
        if str(value).lower() in ("1", "true"):
            return True
        if str(value).lower() in ("0", "false", ""):
            return False
        refuse_arguments(f"must be a boolean [json-pointer:/{name}]")

    def number(self, name: str, otherwise: int) -> int:
        value = self._given.get(name)
        try:
            return otherwise if value in (None, "") else int(str(value))
        except ValueError:
            refuse_arguments(f"must be an integer [json-pointer:/{name}]")

    def json(self, name: str) -> Any:
        """None when it was not given; in a form it is JSON in a string."""
        value = self._given.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError:
            raise Refusal("invalid_blocks_format" if name == "blocks" else "invalid_json") from None

    def listed(self, name: str) -> list[str]:
        """Between commas, or a list."""
        value = self._given.get(name)
        if value is None:
            return []
        if isinstance(value, str) and value.lstrip().startswith("["):
            value = self.json(name)
        if isinstance(value, str):
            value = value.split(",")
        return [str(each).strip() for each in value if str(each).strip()]


def paged(things: Sequence[Any], given: Arguments, *, most: int = 1000, otherwise: int = 100) -> tuple[list[Any], str]:
    """A page, and the cursor of the next one."""
    limit = given.number("limit", otherwise)
    if not 1 <= limit <= most:
        raise Refusal("invalid_limit")
    cursor = given.text_or("cursor")
    if cursor and not (cursor.startswith("next:") and cursor[5:].isdecimal()):
        raise Refusal("invalid_cursor")
    start = int(cursor[5:]) if cursor else 0
    page = list(things[start : start + limit])
    following = f"next:{start + limit}" if start + limit < len(things) else ""
    return page, following
