from dataclasses import dataclass, field

from actions.errors import UnavailableError
from actions.readiness.answers import Level
from actions.readiness.approvers import ask_approvers


@dataclass
class KnownPeople:
    """A directory that fits into memory."""

    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)
    people: tuple[str, ...] = ()

    def members(self, group: str) -> tuple[str, ...]:
        if group not in self.groups:
            raise UnavailableError("Slack says no_such_subteam", next_step="Copy its id.")
        return self.groups[group]

    def is_active(self, user: str) -> bool:
        return user in self.people


def test_a_group_with_people_is_fine() -> None:
    answer = ask_approvers("S1", (), KnownPeople(groups={"S1": ("U1", "U2")}))
    assert answer.level is Level.OK
    assert "2 people may approve" in answer.said


def test_without_slack_the_listed_people_are_only_believed() -> None:
    answer = ask_approvers(None, ("U1", "U2"), None)
    assert answer.level is Level.WARNING
    assert "not looked up" in answer.said


def test_nobody_is_a_no() -> None:
    assert ask_approvers(None, (), None).level is Level.FAILED
    assert ask_approvers(None, (), KnownPeople()).level is Level.FAILED
    assert ask_approvers("S1", (), KnownPeople(groups={"S1": ()})).level is Level.FAILED


def test_a_group_that_cannot_be_read_falls_back_to_the_listed_people_and_says_so() -> None:
    answer = ask_approvers("S9", ("U1", "U2"), KnownPeople(people=("U1", "U2")))
    assert answer.level is Level.WARNING
    assert "no_such_subteam" in answer.said
    assert answer.remedy == "Copy its id."


def test_people_who_left_are_named() -> None:
    answer = ask_approvers(None, ("U1", "U2", "U3"), KnownPeople(people=("U1", "U2")))
    assert answer.level is Level.WARNING
    assert "U3" in answer.said


def test_a_single_approver_could_not_approve_their_own_request() -> None:
    answer = ask_approvers(None, ("U1",), KnownPeople(people=("U1",)))
    assert answer.level is Level.WARNING
    assert "second person" in str(answer.remedy)


def test_people_of_the_command_line_alone_are_enough_where_there_is_no_slack() -> None:
    answer = ask_approvers(None, (), None, ("ann", "ben"))
    assert (answer.level, answer.said) == (Level.OK, "2 people may approve, on the command line alone")
    alone = ask_approvers(None, (), None, ("ann",))
    assert alone.level is Level.WARNING
    assert "second person" in (alone.remedy or "")
    with_slack = ask_approvers(None, (), KnownPeople(), ("ann", "ben"))
    assert with_slack.level is Level.WARNING
    assert "nobody can approve in Slack" in (with_slack.remedy or "")
