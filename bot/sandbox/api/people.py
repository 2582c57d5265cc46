"""users.*, usergroups.*, team.*, auth.*, and the connection itself."""

from bot.sandbox.api.calls import Arguments, Json, Refusal, paged
from bot.sandbox.local import LocalSlack
from bot.sandbox.model.people import Member


def auth_test(slack: LocalSlack, given: Arguments) -> Json:  # noqa: ARG001 because every method is called alike
    space = slack.workspace
    return {
        "ok": True, "url": f"https://{space.domain}.slack.example/", "team": space.name, "user": space.bot.name,
        "team_id": space.team_id, "user_id": space.bot.id, "bot_id": space.bot_id, "is_enterprise_install": False,
    }  # fmt: skip


def open_connection(slack: LocalSlack, given: Arguments) -> Json:  # noqa: ARG001 because every method is called alike
    if slack.knobs.link_disabled:
        raise Refusal("link_disabled")
    address = slack.slack_address.replace("http://", "ws://", 1)
    return {"ok": True, "url": f"{address}/link/?ticket={slack.sockets.ticket()}&app_id={slack.workspace.app_id}"}


def api_test(slack: LocalSlack, given: Arguments) -> Json:  # noqa: ARG001 because every method is called alike
    if error := given.text_or("error"):
        raise Refusal(error, args={"error": error})
    return {"ok": True, "args": {}}


def user_info(slack: LocalSlack, given: Arguments) -> Json:
    member = slack.workspace.people.get(given.text("user"))
    if member is None:
        raise Refusal("user_not_found")
    return {"ok": True, "user": _told(slack, member)}


def user_list(slack: LocalSlack, given: Arguments) -> Json:
    here = [each for each in slack.workspace.people.values() if not each.stranger]
    page, following = paged(here, given, otherwise=1000)
    return {
        "ok": True, "members": [_told(slack, each) for each in page], "cache_ts": int(slack.clock.now()),
        "response_metadata": {"next_cursor": following},
    }  # fmt: skip


def group_list(slack: LocalSlack, given: Arguments) -> Json:
    _paid(slack)
    told = [each.as_slack(slack.workspace.team_id) for each in slack.workspace.groups.values()]
    if given.flag("include_users"):
        told = [{**each, "users": list(slack.workspace.groups[each["id"]].users)} for each in told]
    return {"ok": True, "usergroups": told}


def group_users(slack: LocalSlack, given: Arguments) -> Json:
    _paid(slack)
    group = slack.workspace.groups.get(given.text("usergroup"))
    if group is None:
        raise Refusal("no_such_subteam")
    return {"ok": True, "users": [each for each in group.users if not slack.workspace.people[each].deleted]}


def team_info(slack: LocalSlack, given: Arguments) -> Json:  # noqa: ARG001 because every method is called alike
    space = slack.workspace
    return {
        "ok": True,
        "team": {
            "id": space.team_id, "name": space.name, "domain": space.domain, "email_domain": "",
            "url": f"https://{space.domain}.slack.example/", "icon": {"image_default": True},
        },
    }  # fmt: skip


def _paid(slack: LocalSlack) -> None:
    if not slack.knobs.paid:
        raise Refusal("plan_upgrade_required")


def _told(slack: LocalSlack, member: Member) -> Json:
    return member.as_slack(with_email="users:read.email" in slack.scopes)
