"""Unions whose members are told apart by the key that they alone have: `- cronjob: nightly`, `- http: ...`.

The tags are in angle brackets so that, in the path of an error, they can never be taken for a key.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import Discriminator, Tag

from actions.catalog.entry import WHICH_KIND


def tag(key: str) -> Tag:
    return Tag(f"<{key}>")


def by_key(*keys: str) -> Discriminator:
    """Chooses the member by the first of these keys that a mapping has (or that a value has as attribute)."""

    def choose(written: Any) -> str | None:
        if isinstance(written, Mapping):
            return next((f"<{key}>" for key in keys if key in written), None)
        return next((f"<{key}>" for key in keys if hasattr(written, key)), None)

    return _telling(choose, keys)


def by_kind(*kinds: str) -> Discriminator:
    """Chooses the member by the value of `kind`."""

    def choose(written: Any) -> str | None:
        kind = written.get("kind") if isinstance(written, Mapping) else getattr(written, "kind", None)
        return f"<{kind}>" if kind in kinds else None

    return _telling(choose, kinds, key="kind")


def _telling(choose: Callable[[Any], str | None], choices: Sequence[str], key: str = "") -> Discriminator:
    return Discriminator(
        choose,
        custom_error_type=WHICH_KIND,
        custom_error_message=f"{key}|{','.join(choices)}",
    )
