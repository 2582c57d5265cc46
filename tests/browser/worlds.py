"""A small workspace as data, for the gallery."""

from typing import Any

NOW = 1764300000
Json = dict[str, Any]

PEOPLE = [
    {"id": "U1", "name": "Noor Haddad", "handle": "noor", "title": "on call"},
    {"id": "U2", "name": "Ada Okafor", "handle": "ada", "title": "team lead"},
    {"id": "U3", "name": "Jonas Lind", "handle": "jonas", "title": "team lead"},
    {"id": "UB", "name": "Backout", "handle": "backout", "is_bot": True},
]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text, "emoji": True}


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def options(count: int = 3) -> list[Json]:
    return [{"text": plain(f"Option {n}"), "value": f"v{n}"} for n in range(1, count + 1)]


def message(text: str, *, at: int = 0, user: str = "UB", **more: Any) -> Json:
    return {
        "channel": "C1",
        "ts": f"{NOW + at}.000000",
        "user": user,
        "bot_id": "B1" if user == "UB" else None,
        "text": text,
        **more,
    }


def world(*messages: Json, **more: Any) -> Json:
    channel = {
        "id": "C1",
        "name": "incidents",
        "kind": "public",
        "is_member": True,
        "members": ["U1", "U2", "U3", "UB"],
        "unread": 0,
        "mentions": 0,
    }
    return {
        "me": "U1",
        "team": {"id": "T1", "name": "Kestrel Press"},
        "app": {"id": "A1", "name": "Backout", "user_id": "UB"},
        "people": {person["id"]: person for person in PEOPLE},
        "groups": {"S1": {"id": "S1", "handle": "team-leads", "name": "Team leads", "users": ["U2", "U3"]}},
        "conversations": [channel, {**channel, "id": "C2", "name": "general", "unread": 2}],
        "messages": {"C1": list(messages), "C2": []},
        "commands": [
            {
                "command": "/rollback",
                "description": "Take a service back",
                "usage_hint": "SERVICE [to REV] [because REASON]",
            }
        ],
        **more,
    }


def modal(*blocks: Json, **more: Any) -> Json:
    return {
        "id": "V1",
        "type": "modal",
        "title": plain("Ask for a rollback"),
        "submit": plain("Assess"),
        "close": plain("Cancel"),
        "blocks": list(blocks),
        **more,
    }
