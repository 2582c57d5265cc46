"""The process that makes the demo's databases, and its end."""

import subprocess
import sys
from pathlib import Path

import pytest

from actions.errors import BackoutError
from bot.demo_world.builder import Builder

ROOT = Path(__file__).parents[2]
NOWHERE = "postgresql://somebody:tr0ub4dor@127.0.0.1:1/postgres"


def nothing() -> None:
    pass


def test_what_it_cannot_do_is_said_in_a_sentence_without_passwords() -> None:
    with Builder(str(ROOT)).running() as builder:
        with pytest.raises(BackoutError, match=r"could not be set up: .*connection") as error:
            builder.make_databases(NOWHERE, look=nothing)
        assert "tr0ub4dor" not in str(error.value)


def test_it_ends_when_its_input_does() -> None:
    words = [sys.executable, "-m", "bot.demo_world.building"]
    ended = subprocess.run(words, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"", b"")
