"""The one place where secrets and row data are taken out of text.

Whatever reaches a log, a terminal, Slack or the history passes through `redact`. It masks what it was told
(`learn_secret`), what looks like a secret, and the row values that PostgreSQL puts into its messages.
"""

import re
from collections.abc import Callable
from urllib.parse import quote, unquote, urlsplit

MASK = "***"
#: Shorter values are too likely to be an ordinary word; masking them would make messages unreadable.
SHORTEST_SECRET = 6

_known: set[str] = set()

_QUOTED = r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.)*\""
_SENSITIVE_NAME = (
    r"[\w.-]*(?:password|passwd|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential)[\w.-]*"
)

_PASSWORD_PARAMETER = re.compile(r"(?:^|[?&\s])(?:ssl)?password=([^&\s]+)", re.IGNORECASE)

_PATTERNS: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL), MASK),
    # A whole DSN: host and user of a production database are nobody's business either.
    (re.compile(r"\b(postgres(?:ql)?(?:\+\w+)?)://[^\s\"'<>`]+", re.IGNORECASE), rf"\1://{MASK}"),
    (re.compile(r"\b([a-z][a-z0-9+.-]*://)[^\s/@\"'<>`]+@", re.IGNORECASE), rf"\1{MASK}@"),
    (re.compile(r"\bhttps?://hooks\.slack\.com/\S+|\bhttps?://\S*slack\.com/(?:commands|actions)/\S+"), MASK),
    (re.compile(r"\bxox[a-z]-[\w-]+|\bxapp-[\w-]+|\bxoxe\.[\w.-]+"), MASK),
    (re.compile(r"\bAGE-SECRET-KEY-(?:PQ-)?1[A-Z0-9]+", re.IGNORECASE), MASK),
    (re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bgh[pousr]_\w{20,}|\beyJ[\w-]+\.[\w-]+\.[\w-]*"), MASK),
    (re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]{6,}", re.IGNORECASE), rf"\1 {MASK}"),
    (re.compile(rf"\b({_SENSITIVE_NAME}['\"]?\s*[=:]\s*)(?:{_QUOTED}|[^\s,;&)}}\]]+)", re.IGNORECASE), rf"\1{MASK}"),
    # Row values, as PostgreSQL's messages carry them.
    (re.compile(r"(Key \([^\n]*?\)=)\([^\n]*\)"), rf"\1({MASK})"),
    (re.compile(r"(Failing row contains )\([^\n]*\)"), rf"\1({MASK})"),
    (re.compile(r"(invalid input (?:syntax|value) for [^\n:]*: )\"[^\n]*\""), rf'\1"{MASK}"'),
    (re.compile(r"(date/time field value out of range: )\"[^\n]*\""), rf'\1"{MASK}"'),
    (re.compile(r"(value )\"[^\n]*\"( is out of range)"), rf'\1"{MASK}"\2'),
    (re.compile(r"(COPY [^\n,]+, line \d+, column [^\n:]+: )\"[^\n]*\""), rf'\1"{MASK}"'),
    (re.compile(r"(COPY [^\n,]+, line \d+: )\"[^\n]*\""), rf'\1"{MASK}"'),
    # The statement's own text, which may hold literals, and the caret line under it.
    (re.compile(r"^(LINE \d+: )[^\n]*(?:\n\s*\^)?", re.MULTILINE), rf"\1{MASK}"),
    (re.compile(r"(\[parameters: )[^\n]*"), rf"\1{MASK}]"),
)


def learn_secret(value: str | None) -> None:
    """Mask this value, and the password within it if it is a URL, wherever it appears from now on."""
    if not value:
        return
    parts = {value}
    try:
        password = urlsplit(value).password if "://" in value else None
    except ValueError:
        password = None
    if password:
        parts |= {password, unquote(password)}
    # A URL may carry it among its parameters too, and a DSN of libpq's other form has it nowhere else.
    for found in _PASSWORD_PARAMETER.finditer(value):
        parts |= {found[1], unquote(found[1])}
    for part in parts | {quote(part, safe="") for part in parts}:
        if len(part) >= SHORTEST_SECRET:
            _known.add(part)


def redact(text: str) -> str:
    """The text without secrets and row values; safe to show and to keep. Redacting twice changes nothing."""
    # Longest first: a password inside a learned URL must not leave the rest of the URL standing.
    for secret in sorted(_known, key=len, reverse=True):
        text = text.replace(secret, MASK)
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text
