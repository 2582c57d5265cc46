"""A setting of a file, switched in place: whole or not at all, with the file's own rights."""

import os
import tempfile
from pathlib import Path

from actions.catalog.steps import is_compose_file
from actions.errors import ConfigurationError
from actions.files import compose_setting, env_setting


def switched(text: str, *, file: str, service: str | None, name: str, value: str) -> str:
    """The file's text with the setting at this value. Pure."""
    if is_compose_file(file):
        return compose_setting.switch(text, service or "", name, value)
    return env_setting.switch(text, name, value).text


def read(file: Path) -> str:
    """Empty when there is none. Bytes that are no text survive."""
    try:
        return file.read_bytes().decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise ConfigurationError(f"{file.name} cannot be read ({error.strerror})", where=str(file)) from error


def write(file: Path, text: str) -> None:
    """In one move, so that nobody ever reads half of it. A new file is for its owner alone: it may hold secrets."""
    place = Path(os.path.realpath(file))
    try:
        before = place.stat() if place.exists() else None
        descriptor, fresh = tempfile.mkstemp(prefix=f".{place.name}.", dir=place.parent)
        with os.fdopen(descriptor, "wb") as sink:
            sink.write(text.encode("utf-8", "surrogateescape"))
            sink.flush()
            os.fsync(sink.fileno())
            if before is not None:
                os.fchmod(sink.fileno(), before.st_mode & 0o7777)
                if os.geteuid() == 0:
                    os.fchown(sink.fileno(), before.st_uid, before.st_gid)
        Path(fresh).replace(place)
    except OSError as error:
        raise ConfigurationError(
            f"{file.name} cannot be written ({error.strerror})", where=str(file),
            next_step="Give Backout's user the right to write it.",
        ) from error  # fmt: skip
