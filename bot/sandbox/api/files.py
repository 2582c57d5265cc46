"""files.*: an address to upload to, the upload, and the sharing."""

import mimetypes
from pathlib import PurePath

from bot.sandbox import ids
from bot.sandbox.api.calls import Arguments, Json, Refusal, refuse_arguments
from bot.sandbox.api.chat import parent_of, place_to_write
from bot.sandbox.local import LocalSlack
from bot.sandbox.model.messages import Message

LARGEST = 1 << 30
TEXTS = (".md", ".sql", ".txt", ".json", ".yml", ".yaml", ".csv", ".log", ".py", ".diff", ".patch")
KINDS = {".md": "markdown", ".txt": "text", ".yml": "yaml", ".py": "python"}
PREVIEW_LINES, PREVIEW_CHARACTERS = 5, 600


def upload_address(slack: LocalSlack, given: Arguments) -> Json:
    name, length = given.text("filename"), given.number("length", 0)
    if length <= 0:
        refuse_arguments("must be greater than 0 [json-pointer:/length]")
    if length > LARGEST:
        raise Refusal("file_upload_size_restricted")
    file = ids.fresh("F")
    slack.workspace.files[file] = {
        "id": file,
        "name": name,
        "size": length,
        "state": "waiting",
        "upload": ids.secret(32),
    }
    return {
        "ok": True, "file_id": file,
        "upload_url": f"{slack.slack_address}/upload/v1/{slack.workspace.files[file]['upload']}",
    }  # fmt: skip


def receive(slack: LocalSlack, key: str, content: bytes) -> tuple[int, str]:
    """The upload itself: status and text."""
    file = next((each for each in slack.workspace.files.values() if each.get("upload") == key), None)
    if file is None or file["state"] != "waiting":
        return 404, "unknown or used upload address"
    if len(content) != file["size"]:
        return 400, f"expected {file['size']} bytes, got {len(content)}"
    slack.workspace.contents[file["id"]] = content
    file["state"] = "uploaded"
    return 200, f"OK - {len(content)}"


def complete(slack: LocalSlack, given: Arguments) -> Json:
    wanted = given.json("files")
    if not isinstance(wanted, list) or not wanted:
        refuse_arguments("missing required field: files")
    space = slack.workspace
    told = [_settle(slack, each) for each in wanted]
    channels = given.listed("channels") or given.listed("channel_id")
    for name in channels:
        conversation = place_to_write(slack, name)
        if space.bot.id not in conversation.members:
            raise Refusal("not_in_channel")
        thread = given.text_or("thread_ts") or None
        space.post(
            Message(
                channel=conversation.id, ts=space.stamp(), user=space.bot.id, bot_id=space.bot_id, app_id=space.app_id,
                text=given.text_or("initial_comment"), files=[each["id"] for each in told],
                thread_ts=parent_of(conversation, thread) if thread else None,
            )
        )  # fmt: skip
    return {"ok": True, "files": told}


def _settle(slack: LocalSlack, wanted: Json) -> Json:
    space = slack.workspace
    file = space.files.get(str(wanted.get("id")))
    if file is None or file["state"] != "uploaded":
        raise Refusal("file_not_found" if file is None else "file_update_failed")
    ending = PurePath(file["name"]).suffix.lower()
    made: Json = {
        "id": file["id"], "created": int(slack.clock.now()), "name": file["name"], "title": wanted.get("title") or file["name"],
        "mimetype": mimetypes.guess_type(file["name"])[0] or ("text/plain" if ending in TEXTS else "application/octet-stream"),
        "filetype": KINDS.get(ending, ending.lstrip(".") or "text"), "user": space.bot.id, "size": file["size"],
        "mode": "snippet" if ending in TEXTS else "hosted", "is_external": False, "state": "shared",
        "url_private": f"{slack.slack_address}/files/{file['id']}", "permalink": f"{space.address}/files/{file['id']}",
    }  # fmt: skip
    if made["mode"] == "snippet":
        text = space.contents[file["id"]].decode("utf-8", "replace")
        lines = text.splitlines()
        made |= {"preview": "\n".join(lines[:PREVIEW_LINES])[:PREVIEW_CHARACTERS], "lines": len(lines)}
    space.files[file["id"]] = made
    return made
