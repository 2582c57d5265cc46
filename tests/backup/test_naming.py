"""Names of backups: made, taken apart, told from everything else."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.backup.naming import BackupName, new_name, parse, parsed
from actions.backup.store import checked
from actions.errors import BackoutError

SERVICES = st.from_regex(r"[a-z](?:[a-z0-9-]{0,46}[a-z0-9])?", fullmatch=True)
MOMENTS = st.datetimes(min_value=datetime(1000, 1, 2), max_value=datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001 because hypothesis adds it


@given(SERVICES, MOMENTS)
def test_a_new_name_says_service_and_time_and_is_a_key_in_every_store(service: str, now: datetime) -> None:
    name = new_name(service, now)
    found = parse(name)
    assert found is not None
    assert (found.service, found.taken_at) == (service, now.replace(microsecond=0))
    assert str(found) == name == checked(name)


def test_the_time_is_in_utc() -> None:
    east = timezone(timedelta(hours=5, minutes=30))
    assert new_name("shop", datetime(2026, 1, 1, 2, 0, 0, 999, tzinfo=east)).startswith("shop_20251231_203000_")


def test_two_names_of_one_second_differ() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert len({new_name("shop", now) for _ in range(20)}) > 15


@given(SERVICES, MOMENTS, MOMENTS)
def test_names_of_a_service_sort_by_time(service: str, one: datetime, other: datetime) -> None:
    earlier, later = sorted(moment.replace(microsecond=0) for moment in (one, other))
    if earlier != later:
        assert new_name(service, earlier) < new_name(service, later)


@pytest.mark.parametrize(
    "name",
    [
        "", "shop", "shop_20260131_030000", "shop_20260131_030000_4F2A", "shop_20261331_030000_4f2a",
        "shop_20260131_030000_4f2a\n", "Shop_20260131_030000_4f2a", "../p_20260131_030000_4f2a",
        "shop_20260131_030000_4f2a_1", "shop_\u0662\u0660\u0662\u06660131_030000_4f2a", "shop-_20260131_030000_4f2a",
    ],
)  # fmt: skip
def test_what_is_no_name_is_none(name: str) -> None:
    assert parse(name) is None
    with pytest.raises(BackoutError, match="is not the name of a backup"):
        parsed(name)


@given(st.text(max_size=60))
def test_any_text_is_a_name_that_comes_back_or_none(text: str) -> None:
    found = parse(text)
    assert found is None or str(found) == text


def test_a_time_without_zone_or_a_service_that_does_not_fit_makes_no_name() -> None:
    for service, now in (("shop", datetime(2026, 1, 1)), ("Shop", datetime(2026, 1, 1, tzinfo=UTC))):  # noqa: DTZ001 because that is the point
        with pytest.raises(ValueError, match="does not make a backup's name"):
            new_name(service, now)


def test_a_name_is_a_value() -> None:
    name = parsed("shop_20260131_030000_4f2a")
    assert name == BackupName(service="shop", taken_at=datetime(2026, 1, 31, 3, tzinfo=UTC), mark="4f2a")
