"""The workspace itself is changed: people, channels, groups, the plan, the app's scopes."""

from collections.abc import Mapping
from typing import Any

from bot.sandbox.interactions.refusing import NotPossible
from bot.sandbox.local import LocalSlack
from bot.sandbox.seed import Guest, Person

Json = dict[str, Any]


def change(slack: LocalSlack, given: Mapping[str, Any]) -> Json:
    try:
        return _change(slack, given)
    except (KeyError, TypeError, ValueError) as error:
        raise NotPossible("invalid_value", f"That cannot be done: {error}") from error


def _change(slack: LocalSlack, given: Mapping[str, Any]) -> Json:
    space = slack.workspace
    match given.get("do"):
        case "add_person":
            guest = Guest(given["guest"]) if given.get("guest") else None
            person = Person(
                name=str(given["name"]), real_name=str(given["real_name"]), title=str(given.get("title", "")), guest=guest,
                stranger=bool(given.get("stranger")),
            )  # fmt: skip
            return {"ok": True, "person": space.add_person(person).as_seen()}
        case "deactivate":
            space.named(given["user"]).deleted = True
            space.tell_people()
        case "present":
            space.named(given["user"]).present = bool(given["present"])
            space.tell_people()
        case "set_group":
            group = space.set_group(str(given["handle"]), [space.named(each).id for each in given["users"]])
            return {"ok": True, "group": group.as_seen()}
        case "add_channel":
            members = [space.named(each).id for each in given["members"]]
            made = space.create(
                str(given["name"]), private=bool(given.get("private")), members=members, creator=members[0]
            )
            return {"ok": True, "channel": space.channel_seen(made, members[0])}
        case "archive":
            place = space.conversation(given["channel"])
            space.change(place, by=place.creator, archived=bool(given.get("archived", True)))
        case "plan":
            slack.knobs.paid = bool(given["paid"])
            slack.tell_knobs()
        case "set_scopes":
            slack.scopes.clear()
            slack.scopes.update(str(each) for each in given["scopes"])
        case other:
            raise ValueError(f"there is no change {other}")
    return {"ok": True}
