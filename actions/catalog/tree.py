"""The values of a YAML file, each of which knows where it was written."""

from collections.abc import Iterator, Sequence

from actions.catalog.problems import Place


class WrittenList(list[object]):
    """A list, with its place and the place of each item."""

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place
        self.places: list[Place] = []

    def add(self, value: object, place: Place) -> None:
        self.append(value)
        self.places.append(place)


class WrittenMapping(dict[str, object]):
    """A mapping, with its place and the places of its keys and values."""

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place
        self.key_places: dict[str, Place] = {}
        self.value_places: dict[str, Place] = {}
        self.empty: set[str] = set()
        """Keys after which nothing was written (not even `null`)."""

    def add(self, key: str, value: object, key_place: Place, value_place: Place) -> None:
        self[key] = value
        self.key_places[key] = key_place
        # Nothing was written after the colon: the key is the best place to point at.
        self.value_places[key] = key_place if value is None else value_place

    def adopt(self, other: "WrittenMapping") -> None:
        """Take over what the other has and we have not (a merge key)."""
        for key, value in other.items():
            if key not in self:
                self.add(key, value, other.key_places[key], other.value_places[key])
                self.empty |= {key} & other.empty


def place_of(root: object, path: Sequence[int | str], otherwise: Place) -> tuple[object, Place]:
    """The value at the end of a path and its place; parts that are not in the tree are passed over.

    The parts that are passed over are those that validation adds: the kind that was chosen in a union, or the
    key that a short form stands for.
    """
    value: object = root
    place = otherwise
    for part in path:
        if isinstance(value, WrittenMapping) and isinstance(part, str) and part in value:
            place = value.value_places[part]
            value = value[part]
        elif isinstance(value, WrittenList) and isinstance(part, int) and 0 <= part < len(value):
            place = value.places[part]
            value = value[part]
        elif isinstance(value, WrittenList) and isinstance(part, str) and part in value:
            # A list of names is short for a mapping of those names.
            index = value.index(part)
            place = value.places[index]
            value = value[index]
    return value, place


def written_keys(root: object, path: Sequence[int | str]) -> Iterator[str]:
    """The keys of a path that really stand in the file."""
    value = root
    for part in path:
        if isinstance(value, WrittenMapping) and isinstance(part, str) and part in value:
            yield part
        value, _ = place_of(value, [part], Place(file=""))


def mappings(value: object, seen: set[int] | None = None) -> Iterator[WrittenMapping]:
    """Every mapping in the tree, once."""
    seen = set() if seen is None else seen
    if id(value) in seen:
        return
    if isinstance(value, WrittenMapping):
        seen.add(id(value))
        yield value
        for inner in value.values():
            yield from mappings(inner, seen)
    elif isinstance(value, WrittenList):
        seen.add(id(value))
        for inner in value:
            yield from mappings(inner, seen)


def texts(value: object, place: Place) -> Iterator[tuple[str, Place]]:
    """Every text in the tree, keys too."""
    match value:
        case str():
            yield value, place
        case WrittenMapping():
            for key, inner in value.items():
                yield key, value.key_places[key]
                yield from texts(inner, value.value_places[key])
        case WrittenList():
            for inner, inner_place in zip(value, value.places, strict=True):
                yield from texts(inner, inner_place)
        case _:
            pass
