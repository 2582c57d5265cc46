"""The small typed values that entries are made of."""

import os.path
import re
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, PlainValidator, ValidationInfo

from actions.catalog.entry import InEditor, expected, reading_of, sentence
from actions.catalog.envref import SCHEMA as REFERENCE_SCHEMA
from actions.catalog.envref import EnvRef, parse_reference
from actions.catalog.scalars import Fraction, Whole
from actions.catalog.wording import holds_password, names_credential

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")


def matching(pattern: str, what: str) -> AfterValidator:
    """Refuses text that the whole pattern does not match."""
    compiled = re.compile(pattern)

    def check(text: str) -> str:
        if not compiled.fullmatch(text):
            raise expected(what)
        return text

    return AfterValidator(check)


def pattern(regex: str, *examples: str) -> InEditor:
    schema: dict[str, Any] = {"type": "string", "pattern": f"^(?:{regex})$"}
    return InEditor(schema | ({"examples": list(examples)} if examples else {}))


def _line(text: str) -> str:
    if not text.strip() or _CONTROL.search(text):
        raise expected("a text in one line")
    return text


def _text(text: str) -> str:
    if not text.strip() or "\0" in text:
        raise expected("a text")
    return text


#: One line of text.
Line = Annotated[str, AfterValidator(_line), InEditor({"type": "string", "minLength": 1})]
#: Text of any number of lines.
Text = Annotated[str, AfterValidator(_text), InEditor({"type": "string", "minLength": 1})]
Flag = Annotated[bool, Field(strict=True)]
Count = Annotated[int, Field(strict=True, ge=0, le=1_000_000_000)]
AtLeastOne = Annotated[int, Field(strict=True, ge=1, le=1_000_000_000)]

_NAME: Final = r"[a-z](?:[a-z0-9-]{0,46}[a-z0-9])?"
Name = Annotated[
    str,
    matching(_NAME, "a name of lower-case letters, digits and hyphens that begins with a letter (48 at most)"),
    pattern(_NAME, "content-api"),
]

_KUBERNETES: Final = r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?"
KubernetesName = Annotated[
    str,
    matching(_KUBERNETES, "a Kubernetes name (lower-case letters, digits, hyphens and dots)"),
    pattern(_KUBERNETES, "deeptech-api"),
]

_COMPOSE: Final = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}"
#: A compose service, container, volume or network.
ComposeName = Annotated[
    str,
    matching(_COMPOSE, "a compose name (letters, digits, underscores, dots and hyphens)"),
    pattern(_COMPOSE, "mcp-server"),
]

_VARIABLE: Final = r"[A-Za-z_][A-Za-z0-9_]{0,127}"
VariableName = Annotated[
    str,
    matching(_VARIABLE, "the name of an environment variable, such as `DATABASE_URL`"),
    pattern(_VARIABLE, "DATABASE_URL"),
]


def _identifier(text: str) -> str:
    if not text or "\0" in text or len(text.encode()) > 63:
        raise expected("the name of something in the database (63 bytes at most)")
    return text


#: A column, role or schema as PostgreSQL spells it, without quotes.
Identifier = Annotated[str, AfterValidator(_identifier), InEditor({"type": "string", "minLength": 1})]
#: A table: `users`, or `billing.invoices` with its schema.
TableName = Annotated[
    str,
    matching(r"[^\0.]{1,63}(?:\.[^\0.]{1,63})?", "the name of a table: `users`, or `billing.invoices`"),
    InEditor({"type": "string", "minLength": 1, "examples": ["users", "billing.invoices"]}),
]


def _spelled(written: Any) -> Any:
    return written.spelled if isinstance(written, Whole | Fraction) else written


def _version(written: Any) -> str:
    text = _spelled(written)
    if not isinstance(text, str) or not text.strip() or _CONTROL.search(text) or text.startswith("-"):
        raise expected("a version, tag or revision")
    return text


#: A version, tag or revision; a number keeps its spelling (`0005`, `1.10`).
Version = Annotated[
    str,
    PlainValidator(_version),
    InEditor({"type": ["string", "number"], "examples": ["HEAD~1", "1.10", "0005"]}),
]


def _revision(written: Any) -> str:
    text = _spelled(written)
    return text if isinstance(text, str) and re.fullmatch(r"-[0-9]{1,4}", text) else _version(written)


#: An Alembic revision: an id, a label, `base`, or so many steps back (`-1`).
Revision = Annotated[
    str, PlainValidator(_revision), InEditor({"type": ["string", "number"], "examples": ["0005", "-1", "base"]})
]


def _variable_value(written: Any, info: ValidationInfo) -> str | EnvRef:
    value = _spelled(written)
    if isinstance(value, EnvRef):
        return value
    if not isinstance(value, str) or "\0" in value:
        raise expected("a text", "Put it in quotes." if isinstance(written, bool) else None)
    if "${" in value:
        return parse_reference(value, info)
    if holds_password(value):
        raise sentence("A password is written here.", "Refer to an environment variable instead: `${NAME}`.")
    return value


#: What an environment variable or header is set to: text, a number, or `${NAME}`.
VariableValue = Annotated[
    str | EnvRef,
    PlainValidator(_variable_value),
    InEditor({"anyOf": [REFERENCE_SCHEMA, {"type": ["string", "number"]}]}),
    PlainSerializer(str, return_type=str),
]


def _no_plain_credentials(values: dict[str, str | EnvRef]) -> dict[str, str | EnvRef]:
    for name, value in values.items():
        if names_credential(name) and isinstance(value, str) and re.search("pass|secret|token", name, re.IGNORECASE):
            raise sentence(
                "A password or token is written here; its name says so.",
                "Refer to an environment variable instead: `${NAME}`.",
            )
    return values


Variables = Annotated[dict[VariableName, VariableValue], AfterValidator(_no_plain_credentials)]
Headers = Annotated[dict[Line, VariableValue], AfterValidator(_no_plain_credentials)]


def _argv(written: Any) -> tuple[str, ...]:
    if isinstance(written, str):
        raise sentence(
            "A command is a list of words, because nothing goes through a shell.",
            'Write `[make, test]`; for a real shell line say so: `[sh, -c, "..."]`.',
        )
    if not isinstance(written, list | tuple) or not written:
        raise expected("a command as a list of words, such as `[make, test]`")
    words = [_spelled(word) for word in written]
    wrong = next((word for word in words if not isinstance(word, str) or "\0" in word), None)
    if wrong is not None or not words[0]:
        raise sentence("Each word of a command must be text.", "Put true, false and empty words in quotes.")
    return tuple(words)


#: A program and its arguments. Never a line for a shell.
Argv = Annotated[
    tuple[str, ...],
    BeforeValidator(_argv),
    InEditor({"type": "array", "items": {"type": ["string", "number"]}, "minItems": 1}),
]


def _local_path(path: Path, info: ValidationInfo) -> Path:
    text = str(path)
    if _CONTROL.search(text):
        raise expected("a path in one line")
    reading = reading_of(info)
    if reading is None:
        return path
    if text == "~" or text.startswith("~/"):
        if not reading.home:
            raise sentence("`~` means nothing here, because HOME is not set.", "Write the whole path.")
        text = reading.home + text[1:]
    return Path(os.path.normpath(reading.folder / text))


#: A path on the machine where Backout runs; relative ones start at the catalog file's folder.
LocalPath = Annotated[
    Path,
    AfterValidator(_local_path),
    PlainSerializer(str, return_type=str),
    InEditor({"type": "string", "minLength": 1}),
]


def _inside(text: str) -> str:
    path = PurePosixPath(_line(text))
    if path.is_absolute() or ".." in path.parts or text.startswith("-"):
        raise expected("a path inside the service's folder, without `..`")
    return text


#: A path inside the folder of the service.
InsidePath = Annotated[str, AfterValidator(_inside), InEditor({"type": "string", "minLength": 1})]


def _url(text: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#@]+(?:[/?#]\S*)?", text):
        hint = "Passwords do not belong here." if holds_password(text) else None
        raise expected("an address that begins with `http://` or `https://`", hint)
    return text


#: An http address without user and password.
WebAddress = Annotated[
    str,
    AfterValidator(_url),
    InEditor({"type": "string", "pattern": "^https?://", "examples": ["http://localhost:8000/health"]}),
]


def _comparable(written: Any) -> str | int | float | bool:
    match written:
        case bool() | str():
            return written
        case int():
            return int(written)
        case float() if written - written == 0:  # neither infinite nor "not a number"
            return float(written)
        case _:
            raise expected("a text, a number, `true` or `false`")


#: A value to compare with: text, number, true or false.
Comparable = Annotated[
    str | int | float | bool,
    PlainValidator(_comparable),
    InEditor({"type": ["string", "number", "boolean"]}),
]
