"""Which rights our account has, asked of the API server itself."""

from collections.abc import Iterable
from dataclasses import dataclass

from actions.platforms.kubernetes.api import Api
from actions.platforms.kubernetes.kinds import Kind


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Right:
    group: str
    resource: str
    verb: str
    subresource: str | None = None

    def __str__(self) -> str:
        below = f"/{self.subresource}" if self.subresource else ""
        return f"{self.verb} {self.resource}{below}{f'.{self.group}' if self.group else ''}"


def rights(kind: Kind, *verbs: str, subresource: str | None = None) -> frozenset[Right]:
    return frozenset(
        Right(group=kind.group, resource=kind.plural, verb=verb, subresource=subresource) for verb in verbs
    )


def missing(api: Api, wanted: Iterable[Right]) -> tuple[Right, ...]:
    """One question each: an account may always ask what it may do."""
    return tuple(
        right for right in sorted(wanted, key=str)
        if not api.may(verb=right.verb, group=right.group, resource=right.resource, subresource=right.subresource)
    )  # fmt: skip
