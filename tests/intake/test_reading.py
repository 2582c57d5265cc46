"""What somebody means who types this after `/rollback`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.history.values import RollbackId
from bot.intake import (
    Advise,
    AskFor,
    BackupsOf,
    Command,
    DrillOf,
    Help,
    HistoryOf,
    OpenDialog,
    Refusal,
    ShowOne,
    StatusOf,
    read,
)
from bot.intake.request import LONGEST_REASON

SERVICES = ("content-api", "content-api-staging", "orders", "status", "traceo")
RB = RollbackId(142)


def ask(service: str = "orders", **said: object) -> AskFor:
    return AskFor(service=service, **said)  # type: ignore[arg-type]


UNDERSTOOD: dict[str, Command] = {
    "": OpenDialog(),
    "   ": OpenDialog(),
    "orders": ask(),
    "ORDERS": ask(),
    "  orders   -2  ": ask(target="-2"),
    "orders \u20132": ask(target="-2"),
    "orders —2": ask(target="-2"),
    "orders to 4f1a": ask(target="4f1a"),
    "orders back to 4f1a": ask(target="4f1a"),
    "orders to `4f1a`": ask(target="4f1a"),
    "orders to “4f1a”": ask(target="4f1a"),
    "orders to -2": ask(target="-2"),
    "orders to base": ask(target="base"),
    "orders to previous": ask(target="-1"),
    "orders —to 4f1a": ask(target="4f1a"),
    "orders --to=4f1a": ask(target="4f1a"),
    "orders because checkout fails": ask(reason="checkout fails"),
    "orders because “checkout fails”": ask(reason="checkout fails"),
    "orders —because 'it is broken'": ask(reason="it is broken"),
    "orders -2 because to -3 would be too much": ask(target="-2", reason="to -3 would be too much"),
    "orders because <@U012AB3CD|maria> says a &lt; b &amp; c": ask(reason="@maria says a < b & c"),
    "orders because see <http://status.example|status.example>": ask(reason="see status.example"),
    "orders because <#C123ABC|ops> and <!here>": ask(reason="#ops and @here"),
    "orders because &amp;lt; is not escaped twice": ask(reason="&lt; is not escaped twice"),
    "orders using restore": ask(strategy="restore"),
    "orders restore because of it": ask(strategy="restore", reason="of it"),
    "orders with app-only": ask(strategy="app-only"),
    "orders with data": ask(with_data=True),
    "orders --data -2 —strategy restore": ask(with_data=True, target="-2", strategy="restore"),
    "/rollback orders": ask(),
    "request orders": ask(),
    "<http://content-api|content-api>": ask("content-api"),
    "orders because it doesn't work": ask(reason="it doesn't work"),
    "help": Help(),
    "HELP me": Help(),
    "?": Help(),
    "RB-142": ShowOne(rollback=RB),
    "show rb-142": ShowOne(rollback=RB),
    "show 142": ShowOne(rollback=RB),
    "history": HistoryOf(),
    "history Orders": HistoryOf(service="orders"),
    "history long-gone-billing": HistoryOf(service="long-gone-billing"),
    "status RB-142": StatusOf(rollback=RB),
    "status orders": StatusOf(service="orders"),
    "backups orders": BackupsOf(service="orders"),
    "drill orders": DrillOf(service="orders"),
    "advise “login is broken”": Advise(failure="login is broken"),
    'advise orders "login is broken"': Advise(failure="login is broken", service="orders"),
    # A service that has a verb's name: the verb wins, unless only a service can be meant.
    "status": StatusOf(),
    "status -2": ask("status", target="-2"),
    "status to 4f1a": ask("status", target="4f1a"),
    "status because it lies": ask("status", reason="it lies"),
    "service status": ask("status"),
    "history status": HistoryOf(service="status"),
}


@pytest.mark.parametrize("text", UNDERSTOOD)
def test_is_understood(text: str) -> None:
    assert read(text, SERVICES) == UNDERSTOOD[text]


REFUSED = {
    "ordrs": "`/rollback orders`",
    "content": "`/rollback content-api` or `/rollback content-api-staging`",
    "hisotry orders": "`/rollback history orders`",
    "ordrs -2": "`/rollback orders -2`",
    "backups ordrs": "Did you mean orders",
    "service odrers": "Did you mean orders",
    "backups": "content-api, content-api-staging, orders",
    "drill": "content-api",
    "show": "RB-142",
    "show orders": "/rollback history orders",
    "status whatever": "RB-142",
    "advise": "login is broken",
    "advise orders": "login is broken",
    "approve RB-142": "button",
    "orders 2": "`-2`",
    "orders -0": "`-1`",
    "orders to head": "`-1`",
    "orders to": "`to 4f1a`",
    "orders to $(reboot)": "`base`",
    "orders -2 to 4f1a": "only one",
    "orders becuase checkout fails": "`because`",
    "orders checkout fails": "/rollback orders because",
    "orders using restor": "restore",
    "orders using roll-forward": "Write and deploy it",
    f"orders because {'x' * 5000}": "in a few sentences",
    "quite something else": "/rollback help",
}


@pytest.mark.parametrize("text", REFUSED)
def test_is_answered_with_what_to_say_instead(text: str) -> None:
    answer = read(text, SERVICES)
    assert isinstance(answer, Refusal)
    assert REFUSED[text] in answer.next_step
    assert answer.what.endswith((".", "?")) or "?" in answer.what


def test_with_one_service_nobody_has_to_name_it() -> None:
    assert read("drill", ["orders"]) == DrillOf(service="orders")


RUNBOOKS = {"orders": ["simplify", "move"], "traceo": ["leave-postgres"]}
BY_RUNBOOK: dict[str, Command] = {
    "orders using simplify": ask(strategy="simplify", target="all"),
    "orders by simplify scope compose-file because it loops": ask(
        strategy="simplify", target="compose-file", reason="it loops"
    ),
    "orders runbook simplify phases networks,Volumes": ask(strategy="simplify", target="networks,volumes"),
    "orders —runbook=simplify —scope=full": ask(strategy="simplify", target="full"),
    "traceo scope full": ask("traceo", strategy="leave-postgres", target="full"),
}


@pytest.mark.parametrize("text", BY_RUNBOOK)
def test_a_runbook_of_the_service_is_a_way_with_parts_instead_of_revisions(text: str) -> None:
    assert read(text, SERVICES, RUNBOOKS) == BY_RUNBOOK[text]


@pytest.mark.parametrize(
    ("text", "instead"),
    [("orders using simplfy", "simplify"), ("orders scope full", "move, simplify"), ("orders using simplify to 4f1a", "scope NAME"),
     ("orders using simplify scope", "compose-file"), ("orders using restore scope full", "move, simplify"), ("content-api scope x", "Leave it out")],
)  # fmt: skip
def test_parts_and_revisions_are_not_mixed_up(text: str, instead: str) -> None:
    answer = read(text, SERVICES, RUNBOOKS)
    assert isinstance(answer, Refusal)
    assert instead in answer.next_step


PIECES = st.sampled_from(
    ["orders", "simplify", "scope", "phases", "status", "to", "-2", "\u2013", "—", "because", "using", "with", "data", "show", "RB-1", "<@U1>", "<!channel>", "&lt;",
     "“", "'", "`", "\u202e", "\x00", "advise", "service", "--to=", "999999999999999999999", "<", ">", "|", "\ud800", "٣", "-٣", "²"]
)  # fmt: skip


@given(st.one_of(st.text(), st.lists(st.one_of(PIECES, st.text(max_size=8)), max_size=12).map(" ".join)))
def test_whatever_is_typed_is_answered(text: str) -> None:
    answer = read(text, SERVICES, RUNBOOKS)
    if isinstance(answer, AskFor):
        assert answer.service in SERVICES
        assert len(answer.reason) <= LONGEST_REASON
        assert answer.target
        assert not answer.target.startswith("--")
    if isinstance(answer, Refusal):
        assert answer.what
        assert answer.next_step
        assert len(answer.what) + len(answer.next_step) < 600
