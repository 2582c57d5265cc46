"""What people and the bot write, as the page shows it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.browser.worlds import message, world

pytestmark = pytest.mark.browser

#: Text, and the HTML that stands for it (classes and attributes left out).
CASES = {
    "*bold* _italic_ ~gone~ `code`": "<strong>bold</strong> <em>italic</em> <del>gone</del> <code>code</code>",
    "*bold _and italic_*": "<strong>bold <em>and italic</em></strong>",
    "snake_case_name and 2*3*4": "snake_case_name and 2*3*4",
    "* not bold * and *not\nbold*": "* not bold * and *not/bold*",
    "`*not bold* &lt;b&gt;`": "<code>*not bold* &lt;b&gt;</code>",
    "&lt;script&gt;alert(1)&lt;/script&gt; &amp;amp;": "&lt;script&gt;alert(1)&lt;/script&gt; &amp;amp;",
    "<script>alert(1)</script>": "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<@U2> and <@U1> and <@UNKNOWN>": "<span>@Ada Okafor</span> and <span>@Noor Haddad</span> and <span>@UNKNOWN</span>",
    "<#C2> <#C9|old-name>": "<a>#general</a> <a>#old-name</a>",
    "<!subteam^S1> <!here>": "<span>@team-leads</span> <span>@here</span>",
    "<https://example.com/a?b=1&amp;c=2|the *runbook*>": "<a>the <strong>runbook</strong></a>",
    "see https://example.com/x.": "see <a>https://example.com/x</a>.",
    "<javascript:alert(1)|click>": "&lt;javascript:alert(1)|click&gt;",
    ":warning: :no_such_emoji: 12:30:45": "<span>⚠️</span> :no_such_emoji: 12:30:45",
    "<!date^1764300000^{date_num} {time_secs}|then>": "<time>11/28/2025 3:20:00 AM</time>",
    "<!date^1764300000^no token|then>": "<time>then</time>",
    "<!date^soon^{date}|then>": "then",
}

STRIP = """node => {
  const copy = node.cloneNode(true);
  for (const one of copy.querySelectorAll('*')) for (const {name} of [...one.attributes]) one.removeAttribute(name);
  return [...copy.children].map(line => line.innerHTML).join('/');
}"""


def test_mrkdwn_is_shown_as_slack_shows_it(gallery: Callable[..., Page]) -> None:
    messages = [message(text, at=n * 400, user="U2") for n, text in enumerate(CASES)]
    page = gallery(world(*messages))
    shown = [node.evaluate(STRIP) for node in page.locator(".says .mrkdwn").all()]
    assert dict(zip(CASES, shown, strict=True)) == CASES


def test_fences_quotes_and_lists(gallery: Callable[..., Page]) -> None:
    page = gallery(world(message("before\n```SELECT *a*\n  FROM b;```\nafter\n&gt; one\n&gt; two\n• first\n• second")))
    body = page.locator(".says")
    assert body.locator("pre").inner_text() == "SELECT *a*\n  FROM b;"
    assert body.locator("blockquote .line").all_inner_texts() == ["one", "two"]
    assert body.locator(".line.hanging").all_inner_texts() == ["• first", "• second"]


def test_nothing_foreign_becomes_html(gallery: Callable[..., Page]) -> None:
    evil = '<img src=x onerror="window.hacked=1"><svg onload=window.hacked=1>'
    blocks = [
        {"type": "section", "text": {"type": "mrkdwn", "text": f"*{evil}*"}},
        {"type": "section", "text": {"type": "plain_text", "text": evil}},
        {"type": "markdown", "text": f"# {evil}\n\n{evil}\n\n[x](javascript:window.hacked=1)"},
        {"type": "header", "text": {"type": "plain_text", "text": evil, "constructor": "x", "__html": evil}},
        {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [
            {"type": "text", "text": evil}, {"type": "link", "url": "javascript:window.hacked=1", "text": evil}]}]},
    ]  # fmt: skip
    page = gallery(
        world(
            message(evil, blocks=blocks),
            message(evil, at=400, user="U2", attachments=[{"title": evil, "text": evil, "color": evil}]),
        )
    )
    list_of_messages = page.locator(".message-list")
    assert list_of_messages.locator("img, script, iframe, [onerror], [onload]").count() == 0
    assert list_of_messages.locator('a[href^="javascript"]').count() == 0
    assert page.evaluate("window.hacked") is None
