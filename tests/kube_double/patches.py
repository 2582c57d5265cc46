"""The three kinds of patches."""

import copy
from typing import Any

from tests.kube_double.store import ApiError

#: By which field the elements of a list are told apart, in a strategic merge.
MERGE_KEYS = {
    "containers": "name", "initContainers": "name", "env": "name", "volumes": "name", "volumeMounts": "mountPath",
    "ports": "containerPort", "imagePullSecrets": "name", "ownerReferences": "uid", "conditions": "type",
}  # fmt: skip


def patched(before: Any, patch: Any, content_type: str, *, custom: bool) -> Any:
    match content_type.partition(";")[0]:
        case "application/merge-patch+json":
            return merged(before, patch)
        case "application/json-patch+json":
            return operated(before, patch)
        case "application/strategic-merge-patch+json" if not custom:
            return strategic(before, patch)
        case other:
            raise ApiError(415, "UnsupportedMediaType", f"the body of the request was in an unknown format: {other}")


def merged(before: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    after = dict(before) if isinstance(before, dict) else {}
    for name, value in patch.items():
        if value is None:
            after.pop(name, None)
        else:
            after[name] = merged(after.get(name), value)
    return after


def strategic(before: Any, patch: Any, name: str = "") -> Any:
    if isinstance(patch, dict):
        if patch.get("$patch") == "replace":
            return {key: value for key, value in patch.items() if key != "$patch"}
        after = dict(before) if isinstance(before, dict) else {}
        for key, value in patch.items():
            if value is None:
                after.pop(key, None)
            else:
                after[key] = strategic(after.get(key), value, key)
        return after
    key = MERGE_KEYS.get(name)
    if isinstance(patch, list) and key is not None and all(isinstance(each, dict) for each in patch):
        kept = {each[key]: each for each in before or []}
        for each in patch:
            if each.get("$patch") == "delete":
                kept.pop(each[key], None)
            else:
                kept[each[key]] = strategic(kept.get(each[key]), each)
        return list(kept.values())
    return copy.deepcopy(patch)


def operated(before: Any, operations: Any) -> Any:
    after = copy.deepcopy(before)
    for one in operations:
        *way, last = [part.replace("~1", "/").replace("~0", "~") for part in one["path"].split("/")[1:]]
        try:
            inside = after
            for part in way:
                inside = inside[int(part)] if isinstance(inside, list) else inside[part]
            _operate(one, inside, last)
        except (KeyError, IndexError, TypeError, ValueError):
            raise ApiError(422, "Invalid", "the server rejected our request due to an error in our request") from None
    return after


def _operate(one: dict[str, Any], inside: Any, last: str) -> None:
    at: Any = last
    if isinstance(inside, list):
        at = len(inside) if last == "-" else int(last)
    match one["op"]:
        case "add" if isinstance(inside, list):
            inside.insert(at, one["value"])
        case "add":
            inside[at] = one["value"]
        case "replace":
            inside[at]
            inside[at] = one["value"]
        case "remove":
            del inside[at]
        case "test":
            if inside[at] != one["value"]:
                raise ValueError
        case _:
            raise ValueError
