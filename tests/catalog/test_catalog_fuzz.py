"""Whatever text is given: a catalog, or problems that all have a place and hold no secret."""

import copy
import random
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actions.catalog import Catalog, CatalogError, load_catalog
from actions.catalog.parsing import parse
from tests.fuzzing import examples

SECRET = "s3cr3t-hunter2"
SECRET_URL = f"postgresql://app:{SECRET}@db.internal:5432/content"
SYSTEMS = sorted((Path(__file__).parent / "systems").glob("*.yml"))
PLAIN = [yaml.safe_load(file.read_text()) for file in SYSTEMS]
WORDS = sorted(set(yaml.safe_dump(PLAIN).replace(":", " ").replace("-", " ").split()))

fast = settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def outcome(file: Path, content: bytes) -> Catalog | CatalogError:
    file.write_bytes(content)
    try:
        return load_catalog(file, {"HOME": "/home/op"})
    except CatalogError as error:
        judge(error, file, content)
        return error


def judge(error: CatalogError, file: Path, content: bytes) -> None:
    """Each problem has a place in the file and words of ours; nothing secret is in them."""
    assert error.problems
    for problem in error.problems:
        assert problem.file == str(file)
        assert 1 <= problem.line <= content.count(b"\n") + content.count(b"\r") + 1
        assert problem.column >= 1
        assert problem.message.strip()
        assert "\n" not in str(problem)
        assert "Input should" not in problem.message
        assert "something else here" not in problem.message
    assert SECRET not in str(error)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "catalog.yml"


@fast
@given(content=st.binary(max_size=200))
def test_any_bytes_are_answered(file: Path, content: bytes) -> None:
    outcome(file, content)


@fast
@given(content=st.text(alphabet="abc:-[]{}&*!|>'\"#%@`\\\n\t ~<,.?0_\x85\ufeff\u2028é", max_size=80))
def test_any_yaml_like_text_is_answered_the_same_by_both_parsers(file: Path, content: str) -> None:
    outcome(file, content.encode())
    value, problems = parse(content, "x")
    in_python, problems_in_python = parse(content, "x", yaml.SafeLoader)
    if not problems and not problems_in_python:
        assert in_python == value


trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(WORDS),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


@fast
@given(
    tree=st.dictionaries(st.sampled_from(["services", "teams", "stores", "policies", "runbooks"]), trees, max_size=4)
)
def test_any_tree_is_answered(file: Path, tree: dict[str, Any]) -> None:
    outcome(file, yaml.safe_dump(tree, allow_unicode=True).encode())


def every_place(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path, *(place for key, value in inner for place in every_place(value, (*path, key)))]


def at(node: Any, path: tuple[Any, ...]) -> Any:
    for part in path:
        node = node[part]
    return node


def mutate(tree: dict[str, Any], chance: random.Random, replacement: object) -> None:
    """One place of a catalog that loads is replaced, removed, moved or renamed."""
    path = chance.choice([place for place in every_place(tree) if place])
    parent, key = at(tree, path[:-1]), path[-1]
    match chance.randrange(5):
        case 0:
            parent[key] = replacement
        case 1:
            del parent[key]
        case 2:
            parent[key] = copy.deepcopy(at(tree, chance.choice(every_place(tree))))
        case 3 if isinstance(parent, dict):
            parent[chance.choice(WORDS)] = parent.pop(key)
        case 4 if isinstance(parent, dict):
            parent[SECRET_URL] = parent[key]
        case _:
            parent[key] = [parent[key]]


@fast
@given(
    seed=st.integers(0, 2**32),
    times=st.integers(1, 4),
    replacement=st.sampled_from([None, True, -1, 1e300, "", "x", "${", "${X", SECRET_URL, [], {}, [[]], {"": None}])
    | trees,
)
def test_a_damaged_catalog_is_answered(file: Path, seed: int, times: int, replacement: object) -> None:
    chance = random.Random(seed)  # noqa: S311 - only chooses where to damage
    tree = copy.deepcopy(chance.choice(PLAIN))
    for _ in range(times):
        if every_place(tree) != [()]:
            mutate(tree, chance, copy.deepcopy(replacement))

    content = yaml.dump(tree, Dumper=yaml.SafeDumper, allow_unicode=True)
    result = outcome(file, content.encode())

    if isinstance(result, Catalog):
        assert SECRET not in repr(result)


@fast
@given(seed=st.integers(0, 2**32), noise=st.text(max_size=3))
def test_a_file_with_noise_in_it_is_answered(file: Path, seed: int, noise: str) -> None:
    chance = random.Random(seed)  # noqa: S311 - only chooses where to damage
    text = chance.choice(SYSTEMS).read_text()
    start = chance.randrange(len(text))

    outcome(file, (text[:start] + noise + text[start + chance.randrange(5) :]).encode())
