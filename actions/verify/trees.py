"""Looking at a tree of files."""

import json
from pathlib import Path

import yaml

from actions.catalog.checks import FilesCheck
from actions.verify.outcome import Seen, Value
from actions.verify.values import same


def look_at_files(check: FilesCheck, folder: Path, *, queried: Value) -> Seen:
    files = sorted(path for path in folder.glob(check.files) if path.is_file())
    if check.parse is not None:
        for path in files:
            if trouble := _unreadable(path, check.parse):
                return Seen(passed=False, said=f"{path.relative_to(folder)} {trouble}", value=len(files))
    number = len(files)
    if check.count is not None and number != check.count:
        return Seen(passed=False, said=f"there are {number}, not {check.count}", value=number)
    if check.at_least is not None and number < check.at_least:
        return Seen(passed=False, said=f"there are {number}, fewer than {check.at_least}", value=number)
    if check.same_as is not None and not same(number, queried):
        return Seen(passed=False, said=f"there are {number}, the database has {queried}", value=number)
    if not files and check.count is None and check.at_least is None and check.same_as is None:
        return Seen(passed=False, said="there are none", value=0)
    return Seen(passed=True, said=f"there are {number}", value=number)


def _unreadable(path: Path, form: str) -> str | None:
    try:
        text = path.read_text(encoding="utf-8")
        json.loads(text) if form == "json" else list(yaml.safe_load_all(text))
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    except (ValueError, yaml.YAMLError):
        return f"is not {form.upper()}"
    return None
