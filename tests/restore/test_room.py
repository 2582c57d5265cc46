"""Before a restore it is said how much of the server's disk it takes, and how much there is."""

import re

import pytest

from actions.restore.room import Room, ask_for_room, is_too_small, room_beside, said_of_room
from tests.restore.databases import live_database, run


def test_of_a_server_on_this_machine_size_and_free_room_are_known(postgres_url: str) -> None:
    with live_database(postgres_url) as live:
        room = room_beside(postgres_url, live)
        assert room.present
        assert room.present > 1_000_000
        assert room.free
        assert ask_for_room(postgres_url, live, 1 << 60, in_place=False).warnings
        assert not ask_for_room(postgres_url, live, 1, in_place=False).warnings


def test_a_role_that_may_not_see_the_folder_is_told_that_it_cannot_be_seen(postgres_url: str) -> None:
    with live_database(postgres_url) as live:
        role = f"{live}_small"
        run(postgres_url, f"CREATE ROLE {role} LOGIN PASSWORD 'small-word'")
        try:
            url = re.sub(r"//backout[^@]*@", f"//{role}:small-word@", postgres_url)
            room = room_beside(url, live)
            assert (bool(room.present), room.free) == (True, None)
            assert "cannot be seen from here" in said_of_room(room, 5_000_000_000, in_place=False)
        finally:
            run(postgres_url, f"DROP ROLE {role}")


def test_a_server_that_is_away_leaves_both_open() -> None:
    assert room_beside("postgresql://nobody@127.0.0.1:1/x", "shop") == Room(present=None, free=None)


@pytest.mark.parametrize(
    ("room", "needed", "in_place", "said", "small"),
    [
        (Room(present=2_000_000_000, free=1_000_000_000), 1_500_000_000, False,
         "About 1.5 GB is needed on the server's disk, beside the present database (2.0 GB); 1.0 GB are free there.", True),
        (Room(present=2_000_000_000, free=None), 1_500_000, True,
         ("About 1.5 MB is needed on the server's disk, until it is over; how much is free there cannot be seen from here, "
         "so look first."), False),
        (Room(present=2_000_000_000, free=9_000_000_000), None, False,
         ("About as much again as the present database is needed on the server's disk, beside the present database (2.0 GB); "
         "9.0 GB are free there."), False),
    ],
)  # fmt: skip
def test_it_is_said_with_numbers(room: Room, needed: int | None, *, in_place: bool, said: str, small: bool) -> None:
    assert said_of_room(room, needed, in_place=in_place) == said
    assert is_too_small(room, needed) is small
