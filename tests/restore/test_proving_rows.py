"""Telling two texts of rows apart: by numbers and columns, whatever their order."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from actions.restore.telling_rows import lines_of, rows_apart

COLUMNS = ("id", "name", "note")
fields = st.text(alphabet="ab\\N01", max_size=4).map(str.encode)
rows = st.lists(st.tuples(fields, fields, fields).map(b"\t".join), max_size=30)


def text(lines: list[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)


@given(one=rows, other=rows, cut=st.integers(1, 7))
def test_the_numbers_are_those_of_two_bags_of_rows(one: list[bytes], other: list[bytes], cut: int) -> None:
    first, second = text(one), text(other)
    apart = rows_apart(lambda: _pieces(first, cut), lambda: _pieces(second, cut), COLUMNS)
    lost, new = Counter(one) - Counter(other), Counter(other) - Counter(one)
    assert apart.missing + apart.changed == lost.total()
    assert apart.added + apart.changed == new.total()
    assert bool(apart) == bool(lost or new)
    assert bool(apart.columns) == bool(apart.changed)
    assert apart.is_all


@given(lines=rows, seed=st.randoms())
def test_the_same_rows_in_another_order_are_the_same(lines: list[bytes], seed: object) -> None:
    mixed = list(lines)
    seed.shuffle(mixed)  # type: ignore[attr-defined]
    assert not rows_apart(lambda: [text(lines)], lambda: [text(mixed)], COLUMNS)


def test_the_columns_of_a_changed_row_are_named() -> None:
    before, after = [b"1\ta\tx", b"2\tb\t\\N"], [b"1\ta\ty", b"2\tb\t\\N"]
    apart = rows_apart(lambda: [text(before)], lambda: [text(after)], COLUMNS)
    assert (apart.changed, apart.missing, apart.added, apart.columns) == (1, 0, 0, ("note",))
    assert apart.sentence == "1 row is changed"


def test_rows_that_share_nothing_are_lost_and_added_not_changed() -> None:
    apart = rows_apart(lambda: [b"1\ta\t\\N\n"], lambda: [b"2\tb\t\\N\n"], COLUMNS)
    assert (apart.changed, apart.missing, apart.added) == (0, 1, 1)
    assert apart.sentence == "1 row is missing, 1 row is more than there were"


def test_more_differences_than_can_be_told_apart_are_said_to_be_at_least_so_many() -> None:
    lines = [b"%d\ta\tb" % number for number in range(1000)]
    other = [b"%d\tc\tb" % number for number in range(1000)]
    apart = rows_apart(lambda: [text(lines)], lambda: [text(other)], COLUMNS)
    assert not apart.is_all
    assert apart.sentence.startswith("at least ")
    assert apart.missing + apart.changed == 1000


def test_a_text_without_a_last_line_end_loses_nothing() -> None:
    assert list(lines_of([b"a\nb", b"c\n", b"d"])) == [b"a", b"bc", b"d"]


def _pieces(whole: bytes, size: int) -> list[bytes]:
    return [whole[start : start + size] for start in range(0, len(whole), size)]
