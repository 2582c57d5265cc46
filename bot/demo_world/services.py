"""The three services of the example company, a small chain of hotels."""

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
SOURCES = HERE / "services"
APPLICATION = HERE / "application"


@dataclass(frozen=True, kw_only=True, slots=True)
class DemoService:
    name: str
    description: str
    #: The schema that the older release knows, and the one that was deployed last.
    before: str
    after: str
    #: What stays when somebody goes back: compared before and after.
    lasting: str
    #: Where rows say when they were written.
    written_at: str | None = None
    #: Whether what would be lost grows all the time.
    is_busy: bool = False

    @property
    def variable(self) -> str:
        """The environment variable with its URL."""
        return f"{self.name.upper()}_DATABASE_URL"


SERVICES = (
    DemoService(
        name="newsletter", description="Mails to guests. Its last release added an index: going back is harmless",
        before="0001", after="0002", lasting="subscribers",
    ),
    DemoService(
        name="bookings", description="Who sleeps where. Its last release lets guests leave wishes and pay with vouchers",
        before="0002", after="0003", lasting="rooms", written_at="{bookings: created_at, vouchers: created_at}", is_busy=True,
    ),
    DemoService(
        name="guests", description="Names and phone numbers. Its last release made room for longer numbers",
        before="0001", after="0002", lasting="guests", written_at="{stays: created_at}",
    ),
)  # fmt: skip
