"""Why it did not work: class, code and first line of whatever was raised. Standard library only."""

# It runs on old interpreters: old spellings are meant.
# ruff: noqa: UP006, UP035, UP045

from __future__ import annotations

import re
from typing import Any, Dict, Optional

from .beyond import without_literals
from .fence import OutsideError

Json = Dict[str, Any]

DEEPEST = 20
NAMES = ("schema_name", "table_name", "column_name", "constraint_name", "datatype_name")
#: Where in the server an error comes from when somebody's function raised it, in words of its own choice: PL/pgSQL's
#: RAISE and ASSERT, then what Python, Perl and Tcl raise.
RAISES = frozenset({
    "exec_stmt_raise", "exec_stmt_assert", "PLy_elog_impl", "PLy_output", "plperl_call_perl_func", "croak_cstr",
    "throw_tcl_error",
})  # fmt: skip
#: "Can't emit DROP CONSTRAINT": no literal begins here.
IN_A_WORD = re.compile(r"(?<=n)'(?=t\b)")


def as_json(error: BaseException) -> Json:
    """The driver's own error below SQLAlchemy's."""
    said: Json = {"class": type(error).__name__, "outside": False, "raised": False}
    inner: Optional[BaseException] = error
    for _ in range(DEEPEST):
        if inner is None:
            break
        said["outside"] = said["outside"] or isinstance(inner, OutsideError)
        for candidate in (getattr(inner, "orig", None), inner):
            code = getattr(candidate, "sqlstate", None) or getattr(candidate, "pgcode", None)
            diag = getattr(candidate, "diag", candidate)
            said["raised"] = said["raised"] or source_of(diag) in RAISES
            if code and "sqlstate" not in said:
                said.update(
                    sqlstate=str(code),
                    message=first_line(getattr(diag, "message_primary", None) or candidate),
                    objects=[str(getattr(diag, name)) for name in NAMES if getattr(diag, name, None)],
                )
        inner = inner.__cause__ or inner.__context__
    # What cannot be imported or found is a name, not a row's value, and without it nobody knows what to do. (Alembic's
    # "Can't locate revision identified by '4f1a'" would also be taken for one long literal.)
    names = isinstance(error, ImportError) or type(error).__name__ in ("CommandError", "CommandFailedError")
    said.setdefault("message", str(error).strip()[:300] if names else first_line(error))
    return said


def source_of(diag: Any) -> str:
    """The server's function: psycopg's name for it, or asyncpg's."""
    return str(getattr(diag, "source_function", None) or getattr(diag, "server_source_function", None) or "")


def first_line(text: Any) -> str:
    lines = [line.strip() for line in str(text).splitlines() if line.strip()]
    if not lines:
        return ""
    return without_literals(IN_A_WORD.sub("\u2019", lines[0])).replace("\u2019", "'")[:300]
