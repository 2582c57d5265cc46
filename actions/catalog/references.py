"""References inside a service and its runbooks: writers, phases, scopes, exports; and circles among them.

These look at what was written and not at validated values, so that a mistake elsewhere in the same service
does not hide them. Whatever does not have the expected shape is passed over: validation speaks about that.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from actions.catalog import steps, writers
from actions.catalog.problems import Place, Problem, did_you_mean, problem_at
from actions.catalog.runbooks import BUILT_IN
from actions.catalog.tree import WrittenList, WrittenMapping
from actions.catalog.wording import listed, shown, shown_key

Placed = tuple[str, Place]


def mapping_in(value: object, key: str) -> WrittenMapping | None:
    inner = value.get(key) if isinstance(value, WrittenMapping) else None
    return inner if isinstance(inner, WrittenMapping) else None


def items_in(value: object, key: str) -> list[tuple[object, Place]]:
    """The items of a list under a key; a single value is a list of one."""
    if not isinstance(value, WrittenMapping) or value.get(key) is None:
        return []
    inner = value[key]
    if isinstance(inner, WrittenList):
        return list(zip(inner, inner.places, strict=True))
    return [(inner, value.value_places[key])]


def words_in(value: object, key: str) -> list[Placed]:
    return [(item, place) for item, place in items_in(value, key) if isinstance(item, str)]


def writers_of(service: WrittenMapping) -> dict[str, WrittenMapping]:
    """The names by which a service's writers are known, as far as they can be read."""
    written = service.get("writers")
    listed_writers = items_in(service, "writers") if isinstance(written, WrittenList) else items_in(written, "stop")
    names: dict[str, WrittenMapping] = {}
    for writer, _ in listed_writers:
        if isinstance(writer, WrittenMapping):
            key = next((key for key in writers.KEYS if key in writer), None)
            name = writer.get("name") or (writer[key] if key else None)
            if isinstance(name, str):
                names.setdefault(name, writer)
    return names


def check_service(service: WrittenMapping, shared_runbooks: Mapping[str, object]) -> Iterator[Problem]:
    """Everything that a service's own parts call each other."""
    known_writers = set(writers_of(service))
    exports = set(mapping_in(service, "exports") or ())
    runbooks = runbooks_of(service, shared_runbooks)

    yield from _unknown("writer", words_in(service.get("writers"), "resume_order"), known_writers)
    for release, _ in items_in(service, "application"):
        yield from _unknown("writer", words_in(release, "restart"), known_writers)
    for name, (runbook, used_at) in runbooks.items():
        for problem in _check_runbook_in_service(runbook, known_writers, exports, set(runbooks)):
            # In a shared runbook the step is right and the service is what lacks something.
            yield (
                problem
                if used_at is None
                else problem_at(
                    used_at, f"Runbook {shown(name)} does not fit this service: {problem.message}", problem.hint
                )
            )
        if name in BUILT_IN and used_at is None:
            place = (mapping_in(service, "runbooks") or service).key_places.get(name, service.place)
            yield problem_at(place, f"`{name}` is a built-in runbook; give this one another name.")
    yield from _check_matrix(service, runbooks)
    yield from circles({name: includes(runbook) for name, (runbook, _) in runbooks.items()}, "runbooks")


Runbooks = Mapping[str, tuple[object, Place | None]]


def runbooks_of(service: WrittenMapping, shared: Mapping[str, object]) -> dict[str, tuple[object, Place | None]]:
    """Name to what is written, and where the service refers to it if it stands elsewhere."""
    written = service.get("runbooks")
    if isinstance(written, WrittenList):
        pairs = [(item, item, place) for item, place in zip(written, written.places, strict=True)]
    elif isinstance(written, WrittenMapping):
        pairs = [(key, value, written.value_places[key]) for key, value in written.items()]
    else:
        pairs = []
    found: dict[str, tuple[object, Place | None]] = {}
    for name, value, place in pairs:
        if isinstance(name, str):
            found[name] = (shared.get(value), place) if isinstance(value, str) else (value, None)
    return found


def check_runbook(runbook: object) -> Iterator[Problem]:
    """What a runbook's own phases and scopes call each other."""
    phases = mapping_in(runbook, "phases") or WrittenMapping(Place(file=""))
    scopes = mapping_in(runbook, "scopes") or WrittenMapping(Place(file=""))
    for name in scopes:
        if name in phases:
            yield problem_at(scopes.key_places[name], f"{shown(name)} is the name of a phase and of a scope.")
    for phase in phases.values():
        yield from _unknown("phase", words_in(phase, "needs"), set(phases))
    for scope in scopes.values():
        named = words_in(scope, "keeps")
        if isinstance(scope, WrittenMapping) and isinstance(scope.get("phases"), WrittenList):
            named += words_in(scope, "phases")
        yield from _unknown("phase", named, set(phases))
    yield from circles({name: words_in(phase, "needs") for name, phase in phases.items()}, "phases")


def _unknown(noun: str, named: Sequence[Placed], known: set[str]) -> Iterator[Problem]:
    for name, place in named:
        if name not in known:
            hint = did_you_mean(name, known)
            if hint is None and 0 < len(known) <= 5:
                hint = f"Known: {listed(sorted(known))}."
            yield problem_at(place, f"There is no {noun} {shown(name)} here.", hint)


def steps_of(runbook: object) -> Iterator[WrittenMapping]:
    """Every step in a runbook, however deep."""
    procedures = [
        runbook,
        *(mapping_in(runbook, "phases") or WrittenMapping(Place(file=""))).values(),
        *(mapping_in(runbook, "scopes") or WrittenMapping(Place(file=""))).values(),
    ]
    waiting = [
        step for each in procedures for key in ("before", "steps", "after", "undo") for step, _ in items_in(each, key)
    ]
    if isinstance(runbook, WrittenList):
        waiting += runbook
    while waiting:
        step = waiting.pop()
        if isinstance(step, WrittenMapping):
            yield step
            waiting += [inner for inner, _ in items_in(step, "undo")]


def _check_runbook_in_service(
    runbook: object, known_writers: set[str], exports: set[str], runbooks: set[str]
) -> Iterator[Problem]:
    for step in steps_of(runbook):
        for key in ("stop", "start", "restart"):
            named = [(name, place) for name, place in words_in(step, key) if name != steps.ALL]
            yield from _unknown("writer", named, known_writers)
        yield from _unknown("export", words_in(step, "export"), exports)
        yield from _unknown("runbook", words_in(step, "runbook"), runbooks | set(BUILT_IN))


def _check_matrix(service: WrittenMapping, runbooks: Runbooks) -> Iterator[Problem]:
    rows = [row for row, _ in items_in(service, "matrix")]
    included = [step for runbook, _ in runbooks.values() for step in steps_of(runbook)]
    for row in rows:
        yield from _unknown("runbook", words_in(row, "runbook"), set(runbooks) | set(BUILT_IN))
    for asking in chain(rows, included):
        name = asking.get("runbook") if isinstance(asking, WrittenMapping) else None
        if isinstance(name, str) and (name in runbooks or name in BUILT_IN):
            runbook = runbooks[name][0] if name in runbooks else None
            parts = set(mapping_in(runbook, "phases") or ()) | set(mapping_in(runbook, "scopes") or ())
            yield from _unknown("scope or phase", words_in(asking, "scope"), parts)


def includes(runbook: object) -> list[Placed]:
    """The runbooks that a runbook runs."""
    return [named for step in steps_of(runbook) for named in words_in(step, "runbook")]


def circles(graph: Mapping[str, Sequence[Placed]], what: str) -> Iterator[Problem]:
    """Each circle, told from its first name by the alphabet, at the reference that leads back to it."""
    finished: set[str] = set()
    for start in graph:
        if start not in finished:
            yield from _circles_from(start, graph, finished, what)


def _circles_from(
    start: str, graph: Mapping[str, Sequence[Placed]], finished: set[str], what: str
) -> Iterator[Problem]:
    path = [start]
    waiting = [iter(graph[start])]
    while waiting:
        target, place = next(waiting[-1], (None, None))
        if target is None or place is None:
            finished.add(path.pop())
            waiting.pop()
        elif target in path:
            yield _circle(path[path.index(target) :], graph, what)
        elif target in graph and target not in finished:
            path.append(target)
            waiting.append(iter(graph[target]))


def _circle(names: Sequence[str], graph: Mapping[str, Sequence[Placed]], what: str) -> Problem:
    first = names.index(min(names))
    names = [*names[first:], *names[:first]]
    place = next(place for name, place in graph[names[-1]] if name == names[0])
    return problem_at(
        place, f"These {what} need each other in a circle: {' -> '.join(map(shown_key, [*names, names[0]]))}."
    )
