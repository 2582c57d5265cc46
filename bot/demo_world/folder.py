"""The demo's own folder: one demo at a time, and only a folder of ours is ever emptied. And what lies in it."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from actions.errors import ConfigurationError, RefusedError
from bot.demo_world.services import APPLICATION, SERVICES, SOURCES

MARK = ".backout-demo"
LOCK = ".lock"


@contextmanager
def alone_in(home: Path, *, keep: bool) -> Iterator[None]:
    """It is emptied before and removed afterwards, unless it is to be kept."""
    if home.is_file() or (home.is_dir() and any(home.iterdir()) and not (home / MARK).exists()):
        raise ConfigurationError(
            f"{home} is there already, and no demo made it", next_step="Give an empty folder with --home."
        )
    try:
        home.mkdir(parents=True, exist_ok=True)
        (home / MARK).touch()
        lock = (home / LOCK).open("w")
    except OSError as error:
        raise ConfigurationError(
            f"{home} cannot be used: {error.strerror}", next_step="Choose another --home."
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RefusedError(
                f"Another demo runs in {home}", next_step="Look at its page, end it, or give this one another --home."
            ) from None
        if not keep:
            _empty(home)
        try:
            yield
        finally:
            if not keep:
                _empty(home)
                shutil.rmtree(home, ignore_errors=True)


def lay_out(folder: Path) -> None:
    """The services' sources, as somebody would have checked them out. What an earlier demo left is replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    for source in (APPLICATION, *(SOURCES / service.name for service in SERVICES)):
        target = folder / source.name
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))


def _empty(home: Path) -> None:
    for each in home.iterdir():
        if each.name in (MARK, LOCK):
            continue
        if each.is_dir():
            shutil.rmtree(each, ignore_errors=True)
        else:
            each.unlink(missing_ok=True)
