"""What the client programs and the server complain of, in one line, with what to do about it."""

from actions.errors import BackoutError, UnavailableError
from actions.redaction import redact

#: Of a server that ends, crashed, or is just beginning: asked again, it may answer.
_WENT_AWAY = (
    "terminating connection", "server closed the connection", "server terminated abnormally", "the database system is",
    "no connection to the server", "Connection refused", "SSL SYSCALL error",
)  # fmt: skip


def complaint(what: str, said: str) -> BackoutError:
    """Their first telling line, without what must not be shown."""
    lines = [" ".join(line.split()) for line in redact(said).splitlines() if line.strip()]
    telling = [line for line in lines if "ERROR" in line or "error:" in line] or lines
    text = f"{what}: {telling[0][:300]}" if telling else what
    if any(mark in line for mark in _WENT_AWAY for line in telling):
        return UnavailableError(text, next_step="Look whether the server is well, then try again.")
    return BackoutError(text, next_step=_remedy(text))


def _remedy(text: str) -> str | None:
    if "extension" in text and ("not available" in text or "control file" in text):
        return "The scratch server lacks an extension: install it there, or choose another `scratch`."
    if "permission denied to create extension" in text:
        return "Name an `admin_url` whose role may create that extension."
    return None
