"""What the API server's refusals mean, in words and as errors that say whether trying again helps."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from actions.errors import BackoutError, ConfigurationError, UnavailableError
from actions.redaction import redact


class MissingError(BackoutError):
    """There is no such object (404)."""


class RefusedError(BackoutError):
    """It does not take what we ask, and says why (400, 422, and 403 where it is no question of rights)."""


class ExpiredError(BackoutError):
    """What we ask to go on with is too old for it (410): begin anew."""


class ConflictError(BackoutError):
    """Somebody changed it since we looked (409); look again."""


class ExistsError(BackoutError):
    """There is one of this name already (409)."""


class ForbiddenError(ConfigurationError):
    """Our account may not do this (403)."""


class QuotaError(BackoutError):
    """A quota of the namespace leaves no room (403)."""


class CredentialsError(UnavailableError):
    """The API server does not know who we are (401): a token that has expired, most often."""


def error_for(status: int, body: bytes, *, verb: str, what: str) -> BackoutError:
    """`what`: the object as people would name it."""
    answer = _status(body)
    reason, message = str(answer.get("reason", "")), redact(str(answer.get("message", "")))[:300]
    if status in (429, 500, 502, 503, 504):
        return UnavailableError(f"The API server cannot {verb} {what} right now ({status}): {message or reason}")
    makers: Mapping[int, Callable[[], BackoutError]] = {
        401: lambda: CredentialsError(
            "The API server does not accept our credentials (401)",
            next_step="Renew the token of the kubeconfig, or look at Backout's service account.",
        ),
        403: lambda: _forbidden(message, verb, what),
        404: lambda: _missing(answer, what),
        409: lambda: _conflict(reason, what),
        410: lambda: ExpiredError(f"The API server cannot go on to {verb} {what} (410): {message or reason}"),
    }
    if maker := makers.get(status):
        return maker()
    return RefusedError(f"The API server refused to {verb} {what} ({status}): {message or reason}")


def _missing(answer: Mapping[str, Any], what: str) -> MissingError:
    """Whoever makes something where there is no such namespace is told that, too, with a 404."""
    details = answer.get("details") or {}
    if details.get("kind") == "namespaces":
        return MissingError(
            f"There is no namespace {details.get('name')} in the cluster",
            where=what,
            next_step="Correct `namespace` in the catalog, or its `context`.",
        )
    return MissingError(f"There is no {what} in the cluster", next_step="Correct the name in the catalog.")


def _forbidden(message: str, verb: str, what: str) -> BackoutError:
    """Rights are one reason of several: a quota, a policy, and a namespace that is being deleted say 403 as well."""
    if "exceeded quota" in message:
        return QuotaError(
            f"A quota leaves no room for it: {message}",
            where=what,
            next_step="Raise the quota or free some of it, then try again.",
        )
    if "forbidden" in message and " cannot " not in message:
        return RefusedError(
            f"The cluster does not let anybody {verb} {what} (403): {message}",
            next_step="Look at the namespace and its admission policies.",
        )
    return ForbiddenError(
        f"Backout may not {verb} {what} (403)",
        next_step="Give its service account this right; deploy/kubernetes/rbac.yaml has all that it needs.",
    )


def _conflict(reason: str, what: str) -> BackoutError:
    if reason == "AlreadyExists":
        return ExistsError(f"There is {what} already")
    return ConflictError(f"Somebody changed {what} at the same moment", next_step="Look at it, then try again.")


def _status(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {"message": body.decode(errors="replace")[:200]}
    return found if isinstance(found, dict) else {}
