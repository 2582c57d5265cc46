"""Running a command on this machine: what it sees, what it says, and how it ends."""

import os
import signal
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from actions.errors import ConfigurationError
from actions.platforms.local import LocalCommands, ordinary_surroundings
from actions.platforms.port import Command, Ended, Line, Stream

HERE = LocalCommands(surroundings={"PATH": os.environ["PATH"]})


def shell(text: str, **words: object) -> Command:
    return Command(argv=("sh", "-c", text), **words)  # type: ignore[arg-type]


def test_both_streams_and_the_exit_code_come_back() -> None:
    finished = HERE.run(shell("echo hello; echo oh dear >&2; exit 3"))
    assert (finished.stdout, finished.stderr, finished.exit_code) == ("hello\n", "oh dear\n", 3)
    assert finished.ended is Ended.BY_ITSELF
    assert not finished.succeeded
    assert not finished.cut


def test_success_is_an_end_of_its_own_with_code_zero() -> None:
    assert HERE.run(shell("true")).succeeded


def test_a_command_killed_by_a_signal_ends_with_its_negative_number() -> None:
    assert HERE.run(shell("kill -SEGV $$")).exit_code == -signal.SIGSEGV


def test_a_command_sees_its_own_environment_and_nothing_else_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-secret")
    finished = HERE.run(shell("env", env={"COLOUR": "blue"}))
    assert "COLOUR=blue" in finished.stdout
    assert "xoxb" not in finished.stdout


def test_only_what_is_ordinary_of_our_environment_is_handed_on() -> None:
    ours = {
        "PATH": "/bin",
        "LC_ALL": "C",
        "HOME": "/root",
        "BACKOUT_DATABASE_URL": "x",
        "PGPASSWORD": "x",
        "AWS_SECRET": "x",
    }
    assert set(ordinary_surroundings(ours)) == {"PATH", "LC_ALL", "HOME"}


def test_no_secret_is_among_the_arguments_of_any_process_it_takes() -> None:
    secret = "correct-horse"  # the test's own argv does not hold it
    seen = HERE.run(shell("cat /proc/$$/cmdline /proc/$PPID/cmdline; echo; echo $TOKEN", env={"TOKEN": secret}))
    assert seen.stdout.count(secret) == 1


def test_it_runs_in_its_folder(tmp_path: Path) -> None:
    assert HERE.run(shell("pwd", folder=tmp_path)).stdout.strip() == str(tmp_path)


def test_standard_input_of_any_size_arrives_while_output_flows() -> None:
    sent = os.urandom(3_000_000).hex().encode()
    finished = HERE.run(shell("cat", stdin=sent))
    assert finished.stdout.encode() == sent


def test_a_command_that_does_not_read_its_input_is_not_held_up() -> None:
    assert HERE.run(shell("exit 0", stdin=b"x" * 3_000_000)).succeeded


def test_lines_are_told_as_they_come() -> None:
    told: list[Line] = []
    first = threading.Event()

    def watch(line: Line) -> None:
        told.append(line)
        first.set()

    # It ends only if the first line was heard while it was still running.
    finished = HERE.run(
        shell("echo one; while :; do sleep 0.05; done", deadline=timedelta(seconds=20)),
        watch=watch,
        should_stop=first.is_set,
    )
    assert finished.ended is Ended.STOPPED
    assert told == [Line(stream=Stream.OUT, text="one")]


def test_a_last_line_without_an_end_is_told_too() -> None:
    told: list[str] = []
    HERE.run(shell("printf 'a\\nb'"), watch=lambda line: told.append(line.text))
    assert told == ["a", "b"]


def test_bytes_that_are_no_text_do_no_harm() -> None:
    assert HERE.run(shell("printf '\\377\\376x'")).stdout.endswith("x")


def test_a_long_output_keeps_its_beginning_and_its_end() -> None:
    program = "import sys\nprint('first')\nfor _ in range(200): sys.stdout.write('x' * 10000 + '\\n')\nprint('last')"
    finished = HERE.run(Command(argv=(sys.executable, "-c", program), keep_bytes=20_000))
    assert finished.succeeded
    assert finished.cut
    assert finished.stdout.startswith("first\n")
    assert finished.stdout.endswith("last\n")
    assert len(finished.stdout) < 21_000


def test_an_output_of_just_the_kept_size_is_whole() -> None:
    finished = HERE.run(Command(argv=(sys.executable, "-c", "print('x' * 9999)"), keep_bytes=10_000))
    assert not finished.cut
    assert len(finished.stdout) == 10_000


def test_a_program_that_is_not_there_is_a_matter_of_configuration() -> None:
    with pytest.raises(ConfigurationError, match=r"no-such-program cannot be started: No such file"):
        HERE.run(Command(argv=("no-such-program",)))


def test_a_file_that_is_not_a_program_is_a_matter_of_configuration(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(ConfigurationError, match="Permission denied"):
        HERE.run(Command(argv=(str(tmp_path / "notes.txt"),)))


def test_a_folder_that_is_not_there_is_a_matter_of_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"cannot be started in .*nowhere"):
        HERE.run(shell("true", folder=tmp_path / "nowhere"))


def test_a_command_without_program_or_time_is_refused() -> None:
    with pytest.raises(ValueError, match="program"):
        Command(argv=())
    with pytest.raises(ValueError, match="time"):
        shell("true", deadline=timedelta(0))


def test_secrets_are_not_in_a_commands_own_text() -> None:
    assert "hunter2" not in repr(shell("true", env={"PW": "hunter2"}, stdin=b"hunter2"))


def test_nothing_stays_open(tmp_path: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        HERE.run(shell("echo x"))
        with pytest.raises(ConfigurationError):
            HERE.run(shell("true", folder=tmp_path / "nowhere"))
        with pytest.raises(ConfigurationError):
            HERE.run(Command(argv=("no-such-program",)))
    assert len(list(Path("/proc/self/fd").iterdir())) == before
