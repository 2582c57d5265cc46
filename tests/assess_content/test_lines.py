"""Merging agrees with what one would count by hand, for any content."""

import struct
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from actions.assess.content.lines import Merging, Surplus, surplus, whole_lines

HEADER = b"PGCOPY\n\xff\r\n\x00" + b"\x00" * 8
numbers = st.integers(min_value=-3, max_value=3)
rows = st.dictionaries(numbers, st.tuples(numbers, numbers))


def line(*values: int) -> bytes:
    return struct.pack(">h" + "iq" * len(values), len(values), *(part for value in values for part in (8, value)))


def lines(content: dict[int, tuple[int, int]]) -> Iterator[bytes]:
    return iter([line(key, *content[key]) for key in sorted(content)])


@given(before=rows, now=rows)
def test_rows_with_keys_on_both_sides(before: dict[int, tuple[int, int]], now: dict[int, tuple[int, int]]) -> None:
    found = Merging([False, False]).run(lines(before), lines(now), unique_before=True)
    common = before.keys() & now.keys()
    assert (found.matched, found.only_before, found.only_now) == (
        len(common), len(before.keys() - common), len(now.keys() - common),
    )  # fmt: skip
    for position, tally in enumerate(found.columns):
        changed = [(before[key][position], now[key][position]) for key in common]
        assert tally.lost == sum(1 for one, other in changed if one and one != other)
        assert tally.became_null == sum(1 for one, other in changed if one and not other)
        assert tally.filled == sum(1 for one, other in changed if not one and other)
        assert tally.gone_with_rows == sum(1 for key in before.keys() - common if before[key][position])


@given(unique=rows, many=st.lists(st.tuples(numbers, numbers)), unique_before=st.booleans())
def test_rows_whose_key_is_unique_on_one_side(
    unique: dict[int, tuple[int, int]], many: list[tuple[int, int]], unique_before: bool
) -> None:
    one_side = {key: values[0] for key, values in unique.items()}
    few = iter([line(key, one_side[key]) for key in sorted(one_side)])
    others = iter([line(*row) for row in sorted(many, key=lambda row: row[0])])
    sides = (few, others) if unique_before else (others, few)
    found = Merging([False]).run(*sides, unique_before=unique_before)
    there = Counter(key for key, _ in many)
    matched = sum(1 for key in one_side if there[key])
    alone, surplus_of_many = len(one_side) - matched, len(many) - matched
    assert found.matched == matched
    assert (found.only_before, found.only_now) == (
        (alone, surplus_of_many) if unique_before else (surplus_of_many, alone)
    )
    changed = sum(1 for key, value in one_side.items() if there[key] and (key, value) not in many)
    (tally,) = found.columns
    assert tally.lost + tally.filled == changed


@given(before=st.lists(numbers), now=st.lists(numbers))
def test_multisets(before: list[int], now: list[int]) -> None:
    ours, theirs = Counter(before), Counter(now)
    found = surplus(*(iter([line(*entry) for entry in sorted(side.items())]) for side in (ours, theirs)))
    assert found == Surplus(before=(ours - theirs).total(), now=(theirs - ours).total())


@given(content=st.lists(st.tuples(numbers, numbers)), cuts=st.lists(st.integers(min_value=0, max_value=400)))
@example(content=[(0, 0)], cuts=[26])  # a first block as long as a line
def test_lines_come_out_whole_however_they_were_cut(content: list[tuple[int, int]], cuts: list[int]) -> None:
    stream = HEADER + b"".join(line(*row) for row in content) + b"\xff\xff"
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    blocks = [stream[start:end] for start, end in pairwise(places)]
    assert list(whole_lines(iter(blocks), 2)) == [line(*row) for row in content]


def test_lines_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match="another length"):
        list(whole_lines(iter([HEADER + line(1, 2) + b"\xff\xff"]), 3))


def test_a_value_in_another_form_is_not_lost() -> None:
    merging = Merging([True])
    before = iter([line(1, 10, 5), line(2, 10, 5), line(3, 10, 5)])
    now = iter([line(1, 11, 5), line(2, 11, 6), line(3, 0, 0)])
    (tally,) = merging.run(before, now, unique_before=True).columns
    assert (tally.restated, tally.lost, tally.became_null) == (1, 2, 1)
