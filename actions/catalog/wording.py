"""How we speak about values that were found, without ever repeating one that could be a secret."""

import re
from collections.abc import Mapping, Sequence

from actions.catalog.scalars import Fraction, Whole

_HARMLESS = re.compile(r"[\w .,:;/#+*()\[\]{}$~<>!?%&'\"-]{1,60}", re.ASCII)
_CREDENTIAL_WORD = re.compile(r"pass|pwd|secret|token|credential|key|url|dsn|auth", re.IGNORECASE)
_TOKEN_LIKE = re.compile(r"(xox|xapp-|AKIA|gh[pousr]_|sk-|eyJ)|\S{25,}")
_PASSWORD_IN_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s/?#]*:[^\s/?#]+@")


def holds_password(text: str) -> bool:
    """Whether a text has the form of a URL with a password in it."""
    return _PASSWORD_IN_URL.search(text) is not None


def names_credential(word: str) -> bool:
    """Whether a key says that its value is something to keep to oneself."""
    return _CREDENTIAL_WORD.search(word) is not None


def may_be_shown(text: str) -> bool:
    """Only short and plain words are repeated; anything that could be a URL or a token is not."""
    return _HARMLESS.fullmatch(text) is not None and "://" not in text and not _TOKEN_LIKE.search(text)


def shown(text: str) -> str:
    return f"`{text}`" if may_be_shown(text) else "a text that is not repeated here"


def shown_key(key: str) -> str:
    return f"`{key}`" if may_be_shown(key) else "a key that is not repeated here"


def found(value: object, *, hide: bool = False) -> str:  # noqa: PLR0911 - one return for each kind
    """What stands in the file, in words."""
    match value:
        case None:
            return "nothing"
        case str() if hide:
            return "a text that is not repeated here"
        case str():
            return shown(value) if value else "an empty text"
        case bool():
            return f"`{str(value).lower()}`"
        case Whole() | Fraction() if not hide:
            return f"the number {shown(value.spelled)}"
        case int() | float():
            return "a number"
        case Mapping():
            return "a mapping (`key: value`)" if value else "an empty mapping"
        case Sequence():
            return "a list" if value else "an empty list"
        case _:
            return "something else"


def listed(words: Sequence[str]) -> str:
    """`a`, `b` or `c`."""
    quoted = [f"`{word}`" for word in words]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"
