"""How many examples a property is tried with: few by day, ten times as many in `make nightly`."""

import os

NIGHT = "nightly" in os.environ.get("BACKOUT_TEST_REQUIRE", "")


def examples(by_day: int) -> int:
    return by_day * 10 if NIGHT else by_day
