"""Log lines: a sentence for people, or one JSON object a line with a stable event name.

Code logs a sentence and says `extra={"event": "step_finished", ...}`; which of the two is written is decided
here. Every line is redacted here too, whoever wrote it.
"""

import json
import logging
import sys
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TextIO

from actions.redaction import redact


class LogFormat(StrEnum):
    TEXT = "text"
    JSON = "json"


class LogLevel(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


#: What every record has; anything else was given by `extra` and belongs to the event.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class TextFormatter(logging.Formatter):
    """`03:12:44 warning  The backup store is slow`"""

    def format(self, record: logging.LogRecord) -> str:
        when = datetime.fromtimestamp(record.created, tz=UTC).strftime("%H:%M:%S")
        text = f"{when} {record.levelname.lower():<8} {record.getMessage()}"
        if record.exc_info:
            text += "\n" + self.formatException(record.exc_info)
        return redact(text)


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        given = {key: value for key, value in vars(record).items() if key not in _STANDARD}
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, tz=UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": given.pop("event", "log"),
            "message": record.getMessage(),
            "logger": record.name,
            **given,
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps({key: _clean(value) for key, value in line.items()}, ensure_ascii=False)


def _clean(value: Any) -> Any:
    """Strings within strings included: a secret may hide in a list."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, bool | int | float) or value is None:
        return value
    if isinstance(value, dict):
        return {redact(str(key)): _clean(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(each) for each in value]
    return redact(str(value))


def set_up_logging(log_format: LogFormat, level: LogLevel, stream: TextIO | None = None) -> None:
    """Ours at the level asked for; libraries from warnings up, for they may log what they send."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if log_format is LogFormat.JSON else TextFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in ("actions", "bot"):
        logging.getLogger(name).setLevel(level.upper())
