import json
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Backout, started_anew


@pytest.fixture
def backout(module_home: Path, tmp_path: Path) -> Backout:
    """As it begins is what these tests are about."""
    return started_anew(module_home, tmp_path)


VERBS = ("check", "serve", "status", "history", "show", "audit", "demo", "completion")


def test_help_names_every_verb_with_a_sentence(backout: Backout) -> None:
    done = backout("--help")
    assert done.returncode == 0
    for verb in VERBS:
        assert f"\n  {verb} " in done.stdout


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.by_day(3)
def test_every_verb_explains_itself_without_touching_anything(backout: Backout, verb: str) -> None:
    done = backout(verb, "--help", BACKOUT_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) > 4


@pytest.mark.parametrize(
    "arguments",
    [["chekc"], ["history", "--limit", "many"], ["show"], ["audit", "--head", "nonsense"], ["check", "--nope"]],
    ids=" ".join,
)
@pytest.mark.by_day(3)
def test_wrong_usage_ends_with_two_and_says_why(backout: Backout, arguments: list[str]) -> None:
    done = backout(*arguments)
    assert done.returncode == 2
    assert done.stderr
    assert "Traceback" not in done.stderr


def test_wrong_settings_stop_the_start_and_are_named(backout: Backout) -> None:
    done = backout("history", SLACK_MODE="carrier-pigeon", BACKOUT_LOG="xml")
    assert done.returncode == 2
    assert "SLACK_MODE" in done.stderr
    assert "BACKOUT_LOG" in done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_for_the_shell(backout: Backout, shell: str) -> None:
    done = backout("completion", shell)
    assert done.returncode == 0
    assert "_BACKOUT_COMPLETE" in done.stdout


def test_verbs_and_services_are_completed(backout: Backout, tmp_path) -> None:
    (tmp_path / "backout.yml").write_text(
        "services:\n  orders: {environment: staging, platform: local, database: '${X}'}\n"
    )
    words = {"_BACKOUT_COMPLETE": "bash_complete", "COMP_CWORD": "1", "COMP_WORDS": "backout hi"}
    assert "history" in backout(**words).stdout
    words |= {"COMP_CWORD": "2", "COMP_WORDS": "backout check or"}
    assert "orders" in backout(**words).stdout


def test_the_program_is_quick_to_say_what_it_can_do(backout: Backout) -> None:
    started = time.monotonic()
    backout("--version")
    assert time.monotonic() - started < 10  # a hang, not a speed: speed is for `make bench`


def test_log_lines_are_json_when_asked_for(backout: Backout) -> None:
    done = backout("history", BACKOUT_LOG="json", BACKOUT_LOG_LEVEL="debug")
    for line in done.stderr.splitlines():
        assert {"at", "level", "event", "message"} <= json.loads(line).keys()
