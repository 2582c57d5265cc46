"""What may be shown of an error's text. Pure.

A migration that raises with its own words (`RAISE EXCEPTION 'user % has no plan', NEW.email`, `raise ValueError(row)`)
may put rows' values into them, unquoted and in any place. So the words that PostgreSQL, Python and SQLAlchemy use
themselves are shown, and those that stand in the script, and the names of the objects that the server reported; whatever
else there is could be a value and is a row of stars. The class of the error, or its SQLSTATE, is always told.
"""

import re

from actions.downgrade.told import Trouble
from actions.redaction import MASK, redact

#: The server's words about values and rules (SQLSTATE classes 22 and 23), and Python's about its own mistakes.
_KNOWN = frozenset(
    re.findall(
        r"\w+",
        """
    already application closed connection context either execute inside outside push statement transaction use using work
    a an and any are argument arguments array as at attribute base be bigint boolean by bytea callable cannot cast char
    character characters check code column columns conflicting constraint contains converting could create data date
    decimal default delete deleted dimension division does domain double duplicate element empty encoding enum error
    exceeds exclude exclusion exists expected expecting expression extra failing field float for foreign found from
    function got has have hstore in index input insert int integer interval into invalid is iterable iteration json jsonb
    key keyword language length line list literal local long lower main malformed missing more must name names nan negative
    no none nonetype not null number numeric object occurred of on one only operator or order out overflow parameter
    partition permission positional precision present primary range real recursion record referenced references
    referencing relation required result row rows scale sequence set several size smallint some string subscriptable
    supported syntax table takes text than that the time timestamp to token too tuple type types unable unexpected
    unhashable unique unpack unsupported update updated upper uuid valid value values variable varying view violated
    violates violation was were while with without xml zero zone
        """,
    )
)
#: States whose texts name objects and never quote rows, unless somebody raises them himself.
_ABOUT_OBJECTS = ("0A", "25", "2B", "2F", "3D", "3F", "40", "42", "53", "54", "55", "57", "58", "08")
#: Errors of the libraries themselves: about the schema, never about rows.
_LIBRARYS_OWN = frozenset(
    {
        "CommandError", "CompileError", "ArgumentError", "InvalidRequestError", "NoSuchTableError", "NoSuchColumnError",
        "NoSuchModuleError", "NoReferencedTableError", "NoReferencedColumnError", "UnsupportedCompilationError",
        "CircularDependencyError", "ResourceClosedError", "NoInspectionAvailable", "ModuleNotFoundError", "ImportError",
        "UnreflectableTableError", "ObjectNotExecutableError", "PendingRollbackError",
    }
)  # fmt: skip
#: Quoted names stay whole; the rest is taken word by word.
_PIECES = re.compile(r"\"[^\"]*\"|[^\s\"]+")
_WORDS = re.compile(r"[^\W_][\w$.-]*")
#: `varying(20)`, `numeric(10,2)`.
_SIZED = re.compile(r"\w+\(\d+(?:,\d+)?\)")
_SEVERAL_MASKS = re.compile(rf"{re.escape(MASK)}(?:[\s,;:]+{re.escape(MASK)})+")


def shown(trouble: Trouble, source: str) -> str:
    """One line. `source` is the text of what ran: its own words hold no values."""
    text = redact(trouble.message).strip()
    if trouble.outside or trouble.timed_out or trouble.wrong_database or trouble.by_alembic:
        return text or trouble.error_class
    if trouble.revision is None and trouble.sqlstate is None:
        # Before any migration ran: the application's settings, an import, env.py. No row was read yet.
        return _with_class(trouble, text)
    if trouble.error_class in _LIBRARYS_OWN:
        return text or trouble.error_class
    if (trouble.sqlstate or "").startswith(_ABOUT_OBJECTS) and not trouble.raised:
        return text or trouble.error_class
    return _with_class(trouble, _only_known(text, known_words(source, trouble.objects)))


def known_words(source: str, objects: tuple[str, ...]) -> frozenset[str]:
    found = (word.lower() for text in (source, *objects) for word in _WORDS.findall(text))
    return _KNOWN | {word.strip(".-") for word in found} | {name.lower() for name in objects}


def _only_known(text: str, known: frozenset[str]) -> str:
    def piece(found: re.Match[str]) -> str:
        whole = found[0]
        if whole.startswith('"'):
            return whole if whole.strip('"').lower() in known or whole == f'"{MASK}"' else f'"{MASK}"'
        if _SIZED.fullmatch(whole) and whole.partition("(")[0].lower() in known:
            return whole
        words = _WORDS.findall(whole)
        ending = whole[-1] if whole[-1] in ",;:" else ""
        return whole if all(word.lower().strip(".-") in known for word in words) else MASK + ending

    return _SEVERAL_MASKS.sub(MASK, _PIECES.sub(piece, text)).rstrip(",;:")


def _with_class(trouble: Trouble, text: str) -> str:
    """The class of what Python raised says more than its text; the server's class is in the SQLSTATE."""
    name = trouble.error_class
    if trouble.sqlstate:
        return text if text and text != MASK else f"{name} ({trouble.sqlstate})"
    return f"{name}: {text}" if text and text not in (MASK, "'?'", name) else name
