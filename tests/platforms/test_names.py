"""What a fresh container or Job is called: found again by whoever goes on, never by another installation."""

import pytest

from actions.catalog.service import Service
from actions.platforms.house import name_of

ENTRY = {
    "environment": "staging", "platform": {"kind": "kubernetes", "namespace": "shop"}, "application": {"deployment": "api"},
}  # fmt: skip
SERVICE = Service.model_validate(ENTRY).model_copy(update={"name": "shop"})
OURS = {"BACKOUT_DATABASE_URL": "postgresql://bot:one@db:5432/backout"}


def test_the_same_words_have_the_same_name_for_every_replica_whoever_logs_in() -> None:
    other_password = {"BACKOUT_DATABASE_URL": "postgresql://bot2:two@db:5432/backout"}
    assert name_of(SERVICE, ["api", "migrate"], OURS) == name_of(SERVICE, ["api", "migrate"], other_password)
    assert name_of(SERVICE, ["api", "migrate"], OURS) != name_of(SERVICE, ["api", "count"], OURS)


@pytest.mark.parametrize(
    "theirs",
    [
        {"BACKOUT_DATABASE_URL": "postgresql://bot:one@db:5432/another"},
        {"BACKOUT_DATABASE_URL": "postgresql://a:5432,b:5432/backout"},
        {"BACKOUT_HOME": "/srv/backout"},
        {},
    ],
)
def test_another_installation_that_drives_the_same_service_has_other_names(theirs: dict[str, str]) -> None:
    assert name_of(SERVICE, ["api", "migrate"], OURS) != name_of(SERVICE, ["api", "migrate"], theirs)
