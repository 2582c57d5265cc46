"""Label and field selectors."""

import re
from typing import Any

from tests.kube_double.store import ApiError, Json

_IN = re.compile(r"\s*([^\s!=,()]+)\s+(in|notin)\s+\(([^)]*)\)\s*")


def selects(it: Json, query: dict[str, str]) -> bool:
    return _labels(it, query.get("labelSelector", "")) and _fields(it, query.get("fieldSelector", ""))


def _labels(it: Json, selector: str) -> bool:
    labels = it["metadata"].get("labels") or {}
    for part in re.split(r",(?![^(]*\))", selector):
        if not part:
            continue
        if match := _IN.fullmatch(part):
            values = {value.strip() for value in match[3].split(",")}
            if (labels.get(match[1]) in values) != (match[2] == "in"):
                return False
        elif "!=" in part:
            name, _, value = part.partition("!=")
            if labels.get(name) == value:
                return False
        elif "=" in part:
            name, _, value = part.replace("==", "=").partition("=")
            if labels.get(name) != value:
                return False
        elif (part.lstrip("!") in labels) == part.startswith("!"):
            return False
    return True


def _fields(it: Json, selector: str) -> bool:
    for part in filter(None, selector.split(",")):
        path, _, value = part.replace("==", "=").partition("=")
        if path not in (
            "metadata.name",
            "metadata.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.kind",
            "status.phase",
            "reason",
            "type",
        ):
            raise ApiError(400, "BadRequest", f"field label not supported: {path}")
        found: Any = it
        for step in path.split("."):
            found = found.get(step, "") if isinstance(found, dict) else ""
        if str(found) != value:
            return False
    return True
