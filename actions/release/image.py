"""The image of a compose service set back: a tag in a `.env` file, or in the compose file itself."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from actions.catalog.release import ImageRelease
from actions.errors import BackoutError, ConfigurationError
from actions.files import env_setting, switching
from actions.history.canonical import JsonObject
from actions.platforms.compose_house import ComposeHouse
from actions.release.port import ShouldStop

PREVIOUS = "previous"


@dataclass(frozen=True, kw_only=True)
class TagRelease:
    """What it was and what it becomes are chosen once, before anything is touched: a second try does the same."""

    house: ComposeHouse
    release: ImageRelease

    @property
    def file(self) -> Path:
        return self.house.folder / self.release.file

    def look(self) -> JsonObject:
        now = self._now()
        repositories = self._repositories(now)
        target = self.release.to if self.release.to != PREVIOUS else self._previous(now, repositories)
        self._require_images(target, repositories)
        return {"before": now, "after": target, "repositories": list(repositories)}

    def is_back(self, was: JsonObject) -> bool | None:
        return self._now() == was.get("after")

    def take_back(self, was: JsonObject, should_stop: ShouldStop) -> None:  # noqa: ARG002  it is done in a moment
        self._set(str(was["after"]), instead_of=str(was["before"]), of=_listed(was.get("repositories")))

    def bring_again(self, was: JsonObject, should_stop: ShouldStop) -> None:  # noqa: ARG002
        if "before" in was:
            self._set(str(was["before"]), instead_of=str(was["after"]), of=_listed(was.get("repositories")))

    def _set(self, tag: str, *, instead_of: str, of: list[str]) -> None:
        now = self._now()
        if now == tag:
            return
        if now != instead_of:
            raise BackoutError(
                f"{self.release.image_tag} is {now} by now: somebody else has changed it", where=str(self.file),
                next_step=f"It was {instead_of}, and would have become {tag}. Decide which it is to be.",
            )  # fmt: skip
        self._require_images(tag, of)
        switching.write(self.file, self._with(switching.read(self.file), tag))

    def _require_images(self, tag: str, repositories: Iterable[str]) -> None:
        for repository in repositories:
            if not self.house.cli.inspect(f"{repository}:{tag}", kind="image"):
                raise ConfigurationError(
                    f"The image {repository}:{tag} is not on this engine, and Backout pulls nothing by itself",
                    next_step=f"docker pull {repository}:{tag}",
                )

    def _now(self) -> str:
        text, name = switching.read(self.file), self.release.image_tag
        if self._is_compose_file:
            found = _image_line(name).search(text)
            tag = str(found["tag"]) if found else None
        else:
            tag = env_setting.value_of(text, name)
        if not tag:
            raise ConfigurationError(
                f"{self.file.name} does not say which tag {name} has", where=str(self.file),
                next_step=f"Write `{name}=...` into it, so that there is something to go back from.",
            )  # fmt: skip
        return str(tag)

    @property
    def _is_compose_file(self) -> bool:
        return self.file.suffix in (".yml", ".yaml")

    def _with(self, text: str, tag: str) -> str:
        name = self.release.image_tag
        if not self._is_compose_file:
            return env_setting.switch(text, name, tag).text
        return _image_line(name).sub(lambda found: f"{found['head']}{tag}", text, count=1)

    def _repositories(self, tag: str) -> tuple[str, ...]:
        """Of the project's images, those that have this tag now."""
        services = self.house.cli.configuration().get("services", {})
        images = [str(entry.get("image", "")) for entry in services.values()]
        return tuple(sorted({image.removesuffix(f":{tag}") for image in images if image.endswith(f":{tag}")}))

    def _previous(self, tag: str, repositories: tuple[str, ...]) -> str:
        """The engine keeps what ran before: of the same repositories, the newest image that is older than this one."""
        if not repositories:
            raise ConfigurationError(
                f"No image of the compose project has the tag {tag}, so it is not known what ran before",
                where=str(self.file), next_step="Name the tag instead of `previous`.",
            )  # fmt: skip
        cli = self.house.cli
        common: set[str] | None = None
        for repository in repositories:
            listed = cli.ask("image", "ls", "--format", "{{.Tag}}", repository).split()
            tags = {each for each in listed if each not in (tag, "<none>")}
            common = tags if common is None else common & tags
        first = repositories[0]
        made = {each: self._made(f"{first}:{each}") for each in {*(common or ()), tag}}
        older = [each for each in made if each != tag and made[each] < made[tag]]
        if not older:
            raise ConfigurationError(
                f"The engine has no image of {', '.join(repositories)} that is older than {tag}",
                next_step="Pull the older one, or name its tag in the catalog instead of `previous`.",
            )
        return str(max(older, key=lambda each: made[each]))

    def _made(self, image: str) -> str:
        """When, as the engine writes it: texts of one form, which can be compared."""
        found = self.house.cli.inspect(image, kind="image")
        return str(found[0].get("Created", "")) if found else ""


def _image_line(service: str) -> re.Pattern[str]:
    """The tag in a service's own `image:` line; lines of it that are deeper or other keys may come between."""
    return re.compile(
        rf"(?P<head>^(?P<indent>[ ]+){re.escape(service)}:[ ]*(?:#.*)?\n(?:(?P=indent)[ ]+.*\n|[ ]*\n|[ ]*#.*\n)*?"
        r"(?P=indent)[ ]+image:[ ]*[\"']?[^\s\"'#$]+:)(?P<tag>[\w][\w.-]*)(?=[\"']?\s*(?:#.*)?$)",
        re.MULTILINE,
    )


def _listed(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list | tuple) else []
