"""One setting changes, and nothing else in the file: whatever the file looks like."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from actions.errors import ConfigurationError
from actions.files import compose_setting, env_setting
from actions.files.switching import read, write
from actions.platforms.env_file import read_env_file
from tests.fuzzing import examples

VALUES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=20)
LINES = st.one_of(
    st.sampled_from([
        "", "# NAME=no", "  # a comment", "NAME=old", "export NAME='o l d' # why", 'NAME="a\\"b"  ', "NAME=", "NAME =x", "OTHER=1",
        'MANY="one\nNAME=not this\nthree"', "NAME=old#not a comment", "NAME=old # a comment", "\tNAME=tab",
    ])
)  # fmt: skip


@settings(max_examples=examples(80), deadline=None)
@given(lines=st.lists(LINES, max_size=6), newline=st.sampled_from(["\n", "\r\n"]), value=VALUES, last=st.booleans())
def test_any_env_file_then_says_the_new_value_and_all_else_as_before(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], newline: str, value: str, last: bool
) -> None:
    text = newline.join(lines) + (newline if last and lines else "")
    after = env_setting.switch(text, "NAME", value).text
    assert env_setting.value_of(after, "NAME") == value
    assert env_setting.switch(after, "NAME", value).text == after
    file = tmp_path_factory.getbasetemp() / "a.env"
    for each, content in ((file, text), (file.with_suffix(".after"), after)):
        each.write_bytes(content.encode())
    try:
        before = read_env_file(file)
    except ConfigurationError:
        return  # a quoted text of several lines, which that reader refuses
    found = read_env_file(file.with_suffix(".after"))
    assert found.pop("NAME") == value
    before.pop("NAME", None)
    assert found == before
    if "NAME" in text:
        old = env_setting.value_of(text, "NAME")
        if old is not None:
            back = env_setting.switch(after, "NAME", old).text
            assert env_setting.value_of(back, "NAME") == old


def test_comments_quotes_export_duplicates_and_line_ends_stay() -> None:
    text = "A=1 # one\r\n# A=2\r\nexport A='x' # two\r\nB=\"A=3\"\r\n"
    switched = env_setting.switch(text, "A", "y z")
    assert switched.found == 2
    assert switched.text == "A=1 # one\r\n# A=2\r\nexport A='y z' # two\r\nB=\"A=3\"\r\n"
    assert env_setting.switch("A=1", "B", "2").text == "A=1\nB=2\n"
    assert env_setting.switch("", "B", "a$b").text == "B='a$b'\n"
    with pytest.raises(ConfigurationError):
        env_setting.switch("A=1", "A", "two\nlines")


COMPOSE = """\
# what runs
services:
  web: # the front
    image: web:1
  api:
    image: api:1   # pinned
    environment:
      MODE: postgres  # or file
      OTHER: "1"
  list:
    environment:
      - MODE=postgres
      - OTHER=1
"""


@settings(max_examples=examples(50), deadline=None)
@given(value=VALUES, service=st.sampled_from(["web", "api", "list", "new"]), name=st.sampled_from(["MODE", "FRESH"]))
def test_any_value_reaches_the_service_in_a_compose_file(value: str, service: str, name: str) -> None:
    after = compose_setting.switch(COMPOSE, service, name, value)
    before, now = yaml.safe_load(COMPOSE)["services"], yaml.safe_load(after)["services"]
    entry = now[service]["environment"]
    seen = (
        entry[name] if isinstance(entry, dict) else next(i.partition("=")[2] for i in entry if i.startswith(f"{name}="))
    )
    assert seen.replace("$$", "$") == value
    for other in before:
        if other != service:
            assert now[other] == before[other]
    assert "# pinned" in after
    assert "# the front" in after


def test_an_override_that_is_not_there_yet_is_made() -> None:
    made = compose_setting.switch("", "api", "MODE", "file")
    assert yaml.safe_load(made) == {"services": {"api": {"environment": {"MODE": "file"}}}}
    for text in ("services: {api: {image: x}}\n", "services: [\n", "- a\n"):
        with pytest.raises(ConfigurationError):
            compose_setting.switch(text, "api", "MODE", "file")


def test_the_file_keeps_its_rights_and_is_never_half_written(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    write(file, "A=1\n")
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o640)
    write(file, "A=2\n")
    assert file.stat().st_mode & 0o777 == 0o640
    (tmp_path / "link").symlink_to(file)
    write(tmp_path / "link", "A=3\n")
    assert read(file) == "A=3\n"
    assert (tmp_path / "link").is_symlink()
    assert len(list(tmp_path.iterdir())) == 2
