"""The demo as a person walks through it, with the real bot behind the page: one demo, one walk.

`BACKOUT_TEST_PICTURES=1 pytest -n 0 tests/browser/test_demo.py` renews the pictures of the README on the way.
"""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Locator, Page, expect

from bot.demo import Demo, running_demo
from tests.browser.conftest import opened
from tests.browser.test_looks import serious
from tests.conftest import server_folder

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

IMAGES = Path(__file__).parents[2] / "docs" / "images"
#: Read at import: the environment is cleaned before the first test.
PICTURES = bool(os.environ.get("BACKOUT_TEST_PICTURES"))
LONG = 180_000
WIDE = {"viewport": {"width": 1180, "height": 980}, "device_scale_factor": 1.5 if PICTURES else 1}


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    with server_folder() as folder, running_demo(folder / "demo", port=0) as running:
        yield running


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.evaluate("document.fonts.ready.then(() => undefined)")
        page.screenshot(path=IMAGES / f"{name}.png")


def says(page: Page, text: str) -> None:
    """With the keyboard."""
    page.get_by_role("combobox", name="Message #incidents").focus()
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def becomes(page: Page, name: str) -> None:
    """With the keyboard: the menu, then down or up to the name."""
    page.get_by_role("button", name="Acting as").focus()
    page.keyboard.press("Enter")
    wanted = page.get_by_role("menuitem", name=name)
    for _ in range(6):
        if wanted.evaluate("node => node === document.activeElement"):
            break
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name=f"Acting as {name}")).to_be_visible()


def presses(button: Locator, *, confirms: bool = False) -> None:
    """With the keyboard, and so that the focus is seen to be where it ought to be."""
    button.focus()
    button.page.keyboard.press("Enter")
    if confirms:
        asked = button.page.get_by_role("alertdialog")
        asked.get_by_role("button").last.focus()
        button.page.keyboard.press("Enter")
        expect(asked).to_have_count(0)


def message(page: Page, text: str) -> Locator:
    return page.locator(".message").filter(has_text=text).last


def headed(page: Page, text: str) -> Locator:
    """The newest message under this headline: the card, or what is told of the run."""
    return page.locator(".message").filter(has=page.locator(".header", has_text=text)).last


def counted(demo: Demo) -> tuple[int, int]:
    with psycopg.connect(demo.environ["BOOKINGS_DATABASE_URL"]) as there:
        row = there.execute("SELECT (SELECT count(*) FROM vouchers), count(wish) FROM bookings").fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def number(pattern: str, text: str) -> int:
    found = re.search(pattern, text)
    assert found is not None, text
    return int(found[1].replace(",", ""))


def test_a_person_walks_through_the_demo(demo: Demo, new_page: Callable[..., Page]) -> None:
    page = opened(new_page(**WIDE), demo.slack.page_url)
    expect(message(page, "Welcome to Kiebitz Hotels")).to_be_visible()
    assert serious(page) == []
    _the_card_counts_what_would_be_lost(page, demo)
    _whoever_asked_is_refused(page)
    _the_leads_approve(page)
    _what_cannot_work_is_refused_and_another_way_is_chosen(page)
    _the_end_is_seen_and_recorded(page)
    _at_400_pixels(new_page, demo)


def _the_card_counts_what_would_be_lost(page: Page, demo: Demo) -> None:
    before = counted(demo)
    says(page, "/rollback bookings because wishes are lost")
    card = headed(page, "RB-1 bookings: waiting for the approval of 2 people")
    expect(card).to_be_visible(timeout=LONG)
    after, text = counted(demo), " ".join(card.inner_text().split())
    rows, values = (
        number(r"vouchers ?: ([\d,]+) rows", text),
        number(r"bookings\.wish ?: ([\d,]+) values", text),
    )
    assert before[0] <= rows <= after[0]
    assert before[1] <= values <= after[1]
    assert f"{rows:,} rows and {values:,} values would be lost" in text
    card.evaluate("node => node.scrollIntoView({block: 'start'})")
    picture(page, "card")
    assert serious(page) == []


def _whoever_asked_is_refused(page: Page) -> None:
    approve = page.get_by_role("button", name="Approve RB-1 of bookings")
    approve.focus()
    page.keyboard.press("Enter")
    asked = page.get_by_role("alertdialog", name="Take bookings back to 0002?")
    expect(asked).to_contain_text("would be lost")
    assert serious(page) == []
    page.keyboard.press("Escape")
    expect(approve).to_be_focused()
    presses(approve, confirms=True)
    refused = page.locator(".message.ephemeral").filter(has_text="your own approval does not count")
    expect(refused).to_contain_text("Ask one of: @leads")


def _the_leads_approve(page: Page) -> None:
    becomes(page, "Omar Haddad")
    presses(page.get_by_role("button", name="Approve RB-1 of bookings"), confirms=True)
    expect(page.locator(".message.ephemeral").filter(has_text="You may not approve here")).to_be_visible()
    for lead, so_far in (("Lena Vogt", "(1 of 2)"), ("Marco Bianchi", "(2 of 2). It begins.")):
        becomes(page, lead)
        presses(page.get_by_role("button", name="Approve RB-1 of bookings"), confirms=True)
        expect(message(page, f"RB-1 bookings: @{lead} approved")).to_contain_text(so_far)


def _what_cannot_work_is_refused_and_another_way_is_chosen(page: Page) -> None:
    becomes(page, "Ana Ortiz")
    says(page, "/rollback guests")
    card = headed(page, "RB-2 guests: refused by the policy")
    expect(card).to_be_visible(timeout=LONG)
    expect(card).to_contain_text("37 values do not fit")
    expect(card).to_contain_text("app-only (recommended)")
    presses(card.get_by_role("button", name="take guests back another way"))
    form = page.get_by_role("dialog", name="Take a service back")
    service = form.get_by_role("combobox", name="Service")
    expect(service).to_have_value("guests")
    assert serious(page) == []
    expect(form).to_contain_text("Now at 0002")
    target = form.get_by_role("textbox", name="Or another revision")
    target.fill("0001; DROP TABLE guests")
    presses(form.get_by_role("button", name="Measure it"))
    expect(target).to_have_accessible_description(re.compile("revision"))
    expect(target).to_have_attribute("aria-invalid", "true")
    assert serious(page) == []
    target.fill("")
    with page.expect_response("**/control/act"):  # the form asks what that way needs, and it is open until it knows
        form.get_by_role("radio", name="Application only").check()
    presses(form.get_by_role("button", name="Measure it"))
    expect(form).to_have_count(0)
    expect(headed(page, "RB-3 guests: waiting for the approval")).to_contain_text("app-only", timeout=LONG)


def _the_end_is_seen_and_recorded(page: Page) -> None:
    expect(message(page, "RB-1 bookings went back, and was seen to be well")).to_be_visible(timeout=LONG)
    told = headed(page, "RB-1 bookings: went back")
    for said in (
        "Prove the backup by restoring it",
        "Downgrade 1 revision, to 0002: done",
        "See that the service is well: done",
    ):
        expect(told).to_contain_text(said)
    told.evaluate("node => node.scrollIntoView({block: 'start'})")
    picture(page, "run")
    presses(told.get_by_role("button", name=re.compile(r"\d+ replies")))
    thread = page.get_by_role("complementary", name="Thread in incidents")
    expect(thread).to_contain_text("Prove that nobody writes: done")
    assert serious(page) == []
    page.keyboard.press("Escape")
    says(page, "/rollback history")
    rows = page.locator(".message.ephemeral").last
    for said in ("RB-1 bookings", "went back", "RB-2", "refused by the policy"):
        expect(rows).to_contain_text(said)
    presses(page.get_by_role("link", name="Backout Home"))
    home = page.get_by_role("main")
    expect(home).to_contain_text("bookings (production) at 0002")
    expect(home).to_contain_text("Last backup")
    expect(home).to_contain_text("RB-1 bookings (production): ✅ went back")
    assert serious(page) == []


def _at_400_pixels(new_page: Callable[..., Page], demo: Demo) -> None:
    narrow = new_page(viewport={"width": 400, "height": 800}, color_scheme="dark")
    page = opened(
        narrow, f"{demo.slack.page_url}/?as={demo.slack.person('lena').id}#{demo.slack.channel_id('#incidents')}"
    )
    card = headed(page, "RB-3 guests: waiting")
    expect(card).to_be_visible()
    assert page.evaluate(
        "document.documentElement.scrollWidth <= 400 && document.querySelector('.messages').scrollWidth <= 400"
    )
    assert serious(page) == []
    presses(page.get_by_role("button", name="Approve RB-3 of guests"), confirms=True)
    expect(message(page, "RB-3 guests: @Lena Vogt approved")).to_be_visible()
    page.get_by_role("button", name="Conversations", exact=True).click()
    page.get_by_role("link", name="Backout Home").click()
    expect(page.get_by_role("main")).to_contain_text("RB-3")
    assert page.evaluate("document.documentElement.scrollWidth <= 400")
    assert serious(page) == []


@pytest.mark.slow
def test_a_failure_behind_the_point_of_no_return_is_decided_by_a_person(
    demo: Demo, new_page: Callable[..., Page]
) -> None:
    page = opened(new_page(**WIDE), demo.slack.page_url)
    (demo.world / "newsletter" / "sick").touch()
    says(page, "/rollback newsletter because mails bounce")
    expect(headed(page, "newsletter: waiting for the approval of 1 person")).to_be_visible(timeout=LONG)
    becomes(page, "Marco Bianchi")
    presses(page.get_by_role("button", name=re.compile("Approve RB-[0-9] of newsletter")), confirms=True)
    expect(message(page, "newsletter: @Marco Bianchi approved")).to_contain_text("(1 of 1). It begins.")
    told = headed(page, "newsletter: failed, somebody must choose")
    expect(told.get_by_role("button", name=re.compile("Retry: RB-[0-9]"))).to_be_visible(timeout=LONG)
    for said in (
        "it answers 500, not 200",
        "Retry",
        "Restore",
        "Keep and resume",
        "Nothing goes on before somebody chooses",
    ):
        expect(told).to_contain_text(said)
    assert serious(page) == []
    (demo.world / "newsletter" / "sick").unlink()
    presses(told.get_by_role("button", name=re.compile("Retry: RB-[0-9]")), confirms=True)
    expect(message(page, "newsletter went back, and was seen to be well")).to_be_visible(timeout=LONG)
