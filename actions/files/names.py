"""From a row to the name of its file, and which names could be a row's.

Names stay as people know them. Only what cannot be part of a name, or would mean something else there, is written
as in a URL (`a/b` becomes `a%2Fb`): slashes, control characters, a dot at the beginning (`..`, `.git`), the devices of
Windows (`NUL`), and a `%` that could be mistaken for such an escape. So two different values are two different names.
"""

import re
import unicodedata
from collections.abc import Mapping
from urllib.parse import unquote

_TOKEN = re.compile(r"\{([^{}]+)\}|([^{}]+)")
_UNSAFE = re.compile(r"[/\\\x00-\x1f\x7f-\x9f\u2028\u2029]|%(?=[0-9A-Fa-f]{2})")
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[1-9¹²³]|lpt[1-9¹²³]) *(?:\.|$)", re.IGNORECASE)
#: What Linux, macOS and Windows take.
LONGEST_PART = 255
#: Of the whole path, the system's own limit less the byte that ends it.
LONGEST_PATH = 4095
#: Our own files in an export's folder begin with this; no row's file does.
OURS = ".backout-export-"


class UnusableNameError(Exception):
    """These columns do not make a name; the sentence says why, without values."""


class NamePattern:
    """`{id}/definition.yml`, taken apart. Each part between slashes is its literals and columns in order."""

    def __init__(self, template: str) -> None:
        parts: list[list[tuple[str, bool]]] = [[]]
        for column, literal in _TOKEN.findall(template):
            if column:
                parts[-1].append((column, True))
                continue
            first, *others = literal.split("/")
            parts[-1].append((first, False))
            parts.extend([(other, False)] for other in others)
        cleaned = [[token for token in part if token[0]] for part in parts]
        self._parts = [part for part in cleaned if part and part != [(".", False)]]
        self.columns = tuple(dict.fromkeys(word for part in self._parts for word, is_column in part if is_column))
        self._regexes = [
            re.compile("".join(".+" if is_column else re.escape(word) for word, is_column in part), re.DOTALL)
            for part in self._parts
        ]

    @property
    def depth(self) -> int:
        return len(self._parts)

    def fits(self, part: str, level: int) -> bool:
        """Whether a file or folder of this name, so deep below the export's folder, could be on a row's path."""
        return self._regexes[level].fullmatch(part) is not None and not part.startswith(OURS)

    def is_reserved(self) -> bool:
        """Whether the template itself asks for names that are ours."""
        return any(not part[0][1] and part[0][0].startswith(OURS) for part in self._parts)

    def name(self, values: Mapping[str, str | None]) -> str:
        """The path of the row's file, below the export's folder."""
        return "/".join(_part(part, values) for part in self._parts)

    def plain_name(self, values: Mapping[str, str | None]) -> str:
        """The same without any escape; only for comparing."""
        return "/".join(
            "".join((values[word] or "") if is_column else word for word, is_column in part) for part in self._parts
        )


def _part(tokens: list[tuple[str, bool]], values: Mapping[str, str | None]) -> str:
    part = ""
    for word, is_column in tokens:
        value = values[word] if is_column else word
        if not value:
            raise UnusableNameError(f"has nothing in the column `{word}`, which names its file")
        part += _UNSAFE.sub(_escaped, value) if is_column else word
    if tokens[0][1] and (part.startswith(".") or _DEVICE.match(part)):
        part = f"%{ord(part[0]):02X}{part[1:]}"
    if part in {".", ".."}:
        part = part.replace(".", "%2E")
    if len(part.encode()) > LONGEST_PART:
        raise UnusableNameError(f"has a file name longer than {LONGEST_PART} bytes")
    return part


def _escaped(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode())


def unescaped(part: str) -> str:
    """What the column said."""
    return unquote(part)


def folded(name: str) -> str:
    """The same for names that a file system may take for one: those of Windows and macOS do not look at case,
    nor at how an accent is put on a letter.
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())
