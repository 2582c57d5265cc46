"""Who goes along and who objects when something is dropped, by the rules of the server's own drop. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from actions.assess.schema.naming import Identity
from actions.assess.schema.wording import display

#: Catalog, oid, and column number or zero for the whole.
Node: TypeAlias = tuple[int, int, int]
#: Who, on whom, how (`pg_depend.deptype`).
Edge: TypeAlias = tuple[Node, Node, str]

_NORMAL, _INTERNAL = "n", "i"


class Bond(StrEnum):
    """How a dependent takes the drop."""

    #: The drop is refused, unless it says CASCADE.
    BLOCKS = "blocks"
    #: It is dropped silently.
    GOES_ALONG = "goes along"
    #: It names the object in its text: the drop works, and the next call of it fails.
    MENTIONS = "mentions"


@dataclass(frozen=True, kw_only=True, slots=True)
class Dropped:
    """A table or view, or one column of it, that is about to go."""

    table: Identity
    column: str | None = None

    def __str__(self) -> str:
        if self.column is None:
            return display(self.table)
        return display(Identity(schema=self.table.schema, table=self.table.name, name=self.column))


@dataclass(frozen=True, kw_only=True, slots=True)
class Dependent:
    """Something that depends on what is dropped, directly or through others."""

    #: As people say it: "view", "foreign key", "column".
    kind: str
    name: str
    on: Dropped
    bond: Bond


def bonds(edges: Iterable[Edge], roots: Iterable[Node]) -> Mapping[Node, tuple[Bond, Node]]:
    """Everything that a drop of the roots would take or be stopped by, with the root that it depends on.

    A normal dependency blocks; an automatic one (also beside a normal one) lets go silently. What is an internal part
    of something else cannot go alone: its owner goes instead, for the same reason.
    """
    dependents, owners = _by_target(edges)
    start = frozenset(roots)
    found: dict[Node, tuple[Bond, Node]] = {}
    queue = [(root, root) for root in sorted(start)]
    for going, root in queue:
        for who, on, how in dependents[going[:2]]:
            if going[2] and on[2] != going[2]:
                continue
            bond = Bond.BLOCKS if how == _NORMAL else Bond.GOES_ALONG
            for node in _who_really_goes(who, going, how, owners):
                if _part_of(node, start) or node == going or _part_of(node, {going}):
                    continue
                if node not in found:
                    queue.append((node, root))
                    found[node] = (bond, root)
                elif bond is Bond.GOES_ALONG:
                    found[node] = (bond, found[node][1])
    return found


def _by_target(edges: Iterable[Edge]) -> tuple[dict[tuple[int, int], list[Edge]], dict[Node, list[Node]]]:
    dependents: dict[tuple[int, int], list[Edge]] = defaultdict(list)
    owners: dict[Node, list[Node]] = defaultdict(list)
    for edge in edges:
        who, on, how = edge
        dependents[on[0], on[1]].append(edge)
        if how == _INTERNAL:
            owners[who].append(on)
    return dependents, owners


def _who_really_goes(who: Node, going: Node, how: str, owners: Mapping[Node, list[Node]]) -> list[Node]:
    if how == _INTERNAL:
        return [who]
    return [owner for owner in owners.get(who, ()) if not _part_of(going, {owner})] or [who]


def _part_of(node: Node, wholes: Iterable[Node]) -> bool:
    return any(node[:2] == whole[:2] and whole[2] in {0, node[2]} for whole in wholes)
