"""Reading `.env` files: `NAME=value` lines, as compose and most tools understand them, without substitution."""

import re
from pathlib import Path

from actions.errors import ConfigurationError

_LINE = re.compile(
    r"""\s*(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*
    (?:'(?P<single>[^']*)'|"(?P<double>(?:[^"\\]|\\.)*)"|(?P<plain>.*?))\s*(?:(?<=\s)\#.*)?""",
    re.VERBOSE,
)
_ESCAPES = {"\\n": "\n", "\\t": "\t", '\\"': '"', "\\\\": "\\", "\\$": "$"}


def read_env_file(file: Path) -> dict[str, str]:
    """The variables of the file; a line that is none is named by its number, never repeated: it may hold a secret."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            "The env file cannot be read", where=str(file), next_step="Correct `env_file`."
        ) from error
    found = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise ConfigurationError("This line is not NAME=value", where=f"{file}:{number}")
        found[match["name"]] = _value(match)
    return found


def _value(match: "re.Match[str]") -> str:
    if match["single"] is not None:
        return match["single"]
    if match["double"] is not None:
        return re.sub(r"\\[nt\"\\$]", lambda found: _ESCAPES[found[0]], match["double"])
    return match["plain"] or ""
