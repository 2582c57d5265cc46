"""The people of the example company, and what it tells whoever looks at the demo for the first time."""

from collections.abc import Mapping
from pathlib import Path

from bot.sandbox import Channel, Group, Person, Seed

COMPANY = "Kiebitz Hotels"
ON_CALL = "ana"
LEADS = ("lena", "marco")
OUTSIDER = "omar"
CHANNEL = "#incidents"


def hotel_company() -> Seed:
    """An on-call engineer, two leads, and somebody who has no part in it."""
    everybody = (ON_CALL, *LEADS, OUTSIDER)
    return Seed(
        name=COMPANY, domain="kiebitz",
        people=(
            Person(name="ana", real_name="Ana Ortiz", title="On-call engineer"),
            Person(name="lena", real_name="Lena Vogt", title="Team lead, bookings"),
            Person(name="marco", real_name="Marco Bianchi", title="Team lead, platform"),
            Person(name="omar", real_name="Omar Haddad", title="Design"),
        ),
        channels=(
            Channel(name="general", members=everybody, topic="Everybody", with_app=False),
            Channel(name="incidents", members=everybody, topic="What is broken, and who is on it"),
        ),
        groups=(Group(handle="leads", name="Team leads", users=LEADS),),
    )  # fmt: skip


WELCOME = """\
*Welcome to {company}.* You are Ana, on call tonight. Three services were deployed a minute ago, each with a real database, \
a writer and a page. Take one of them back:
*1.*  `/rollback newsletter because mails bounce` is harmless. As the one who asked you cannot approve it: use *Act as* to \
become Lena, and approve.
*2.*  `/rollback bookings` would lose what guests wrote since the deploy. The card counts it, live; two leads must agree.
*3.*  `/rollback guests` cannot work: its downgrade would fail on the data. See how it says so, and what else you can do.
Then look at *Backout* in the sidebar for its Home, or type `/rollback help`.
_To see a failure behind the point of no return: create the file_ `{sick}` _before you approve_ `bookings`. _Its page is \
unwell then, and you choose how it goes on._"""


def welcome(folder: Path) -> Mapping[str, object]:
    """The first message in the channel: what to try, in this order."""
    text = WELCOME.format(company=COMPANY, sick=folder / "bookings" / "sick")
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": line}} for line in text.splitlines()]
    return {"text": f"Welcome to {COMPANY}: type /rollback newsletter to begin", "blocks": blocks}
