"""Commands that end when the whole of which they are a part has ended."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Event

from actions.platforms.port import Command, Commands, Finished, Line


@dataclass(frozen=True, slots=True)
class StoppableCommands:
    """Somebody else's commands; each is stopped as well when it is over, or when its asker says so."""

    commands: Commands
    is_over: Event
    should_stop: Callable[[], bool] | None = None

    def run(
        self,
        command: Command,
        *,
        watch: Callable[[Line], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> Finished:
        """See `Commands.run`."""
        asked = [ask for ask in (self.should_stop, should_stop) if ask is not None]
        return self.commands.run(
            command, watch=watch, should_stop=lambda: self.is_over.is_set() or any(ask() for ask in asked)
        )
