"""Three seconds, several connections, redelivery and goodbyes, by a client that speaks Socket Mode itself."""

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from slack_bolt import BoltRequest, BoltResponse
from slack_sdk.socket_mode import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from bot.sandbox import Sandbox
from tests.sandbox.apps import client, hang_up, over_http, small_app

Json = dict[str, Any]


class Ears:
    """A connection that keeps what it hears, and acknowledges when it is told to."""

    def __init__(self, slack: Sandbox, *, acknowledges: bool = True) -> None:
        self.heard: queue.Queue[SocketModeRequest] = queue.Queue()
        self.raw: queue.Queue[Json] = queue.Queue()
        self.acknowledges = acknowledges
        self.client = SocketModeClient(app_token=slack.app_token, web_client=client(slack))
        self.client.message_listeners.append(lambda _client, message, _text: self.raw.put(message))
        self.client.socket_mode_request_listeners.append(self._hear)

    def _hear(self, speaker: Any, request: SocketModeRequest) -> None:
        self.heard.put(request)
        if self.acknowledges:
            speaker.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id))

    def next(self) -> SocketModeRequest:
        return self.heard.get(timeout=10)


@contextmanager
def listening(slack: Sandbox, *ears: Ears) -> Iterator[None]:
    for each in ears:
        each.client.connect()
    slack.wait_for_connection(count=len(ears))
    try:
        yield
    finally:
        hang_up(slack, *(each.client for each in ears))


def test_each_letter_goes_to_one_of_several_connections(slack: Sandbox) -> None:
    several = [Ears(slack) for _ in range(3)]
    ana = slack.person("ana")
    with listening(slack, *several):
        hellos = [each.raw.get(timeout=10) for each in several]
        assert [each["num_connections"] for each in hellos] == [1, 2, 3]
        for each in range(12):
            assert ana.types(f"/try {each}") == {"ok": True}
        counts = [each.heard.qsize() for each in several]
        assert sum(counts) == 12
        assert all(counts)
        # Everything twice, as it has been seen to happen.
        slack.turn(redeliver="all")
        ana.types("/try again")
        came = [request for each in several for request in _all(each) if request.payload["text"] == "again"]
        while len(came) < 2:
            came += [request for each in several for request in _all(each)]
        assert sorted((each.retry_attempt or 0, each.retry_reason or "") for each in came) == [(0, ""), (1, "timeout")]
        assert came[0].payload["trigger_id"] == came[1].payload["trigger_id"]


def _all(ears: Ears) -> list[SocketModeRequest]:
    found = []
    while not ears.heard.empty():
        found.append(ears.heard.get())
    return found


def test_who_does_not_acknowledge_in_three_seconds_has_failed_and_is_told_again(slack: Sandbox) -> None:
    ears, ana, answers = Ears(slack, acknowledges=False), slack.person("ana"), []
    with listening(slack, ears):
        typing = threading.Thread(target=lambda: answers.append(ana.types("/try")))
        typing.start()
        first = ears.next()
        slack.advance(3.1)
        typing.join(10)
        assert answers[0]["error"] == "operation_timeout"
        assert ana.waits_for(saying='/try failed with the error "operation_timeout"')["subtype"] == "slash_error"
        again = ears.next()
        assert (again.retry_attempt, again.retry_reason) == (1, "timeout")
        assert again.payload == first.payload

        ana.opens_home()
        event = ears.next()
        slack.advance(3.1)
        assert ears.next().retry_attempt == 1
        slack.advance(3.1)
        ears.acknowledges = True
        slack.advance(60)
        last = ears.next()
        assert (last.retry_attempt, last.payload["event_id"]) == (2, event.payload["event_id"])
    assert ana.types("/try")["error"] == "dispatch_failed"


def test_a_connection_is_told_to_refresh_and_comes_back(slack: Sandbox) -> None:
    ears = Ears(slack)
    with listening(slack, ears):
        before = set(slack.slack.sockets.open)
        slack.turn(disconnect="refresh_requested")
        assert [ears.raw.get(timeout=10)["type"] for _ in range(2)] == ["hello", "hello"]
        slack.wait_for_connection()
        assert not before & set(slack.slack.sockets.open)
        assert slack.person("ana").types("/try") == {"ok": True}


def test_over_http_a_wrong_answer_is_a_failure_and_events_come_again(slack: Sandbox) -> None:
    small, ana, tried = small_app(slack), slack.person("ana"), []

    @small.app.middleware
    def fail_once(request: BoltRequest, next: Any) -> Any:  # noqa: A002 because Bolt hands it over by this name
        if request.body.get("type") != "event_callback":
            return next()
        tried.append([request.headers.get(f"x-slack-retry-{each}") for each in ("num", "reason")])
        return BoltResponse(status=500 if len(tried) == 1 else 200)

    with over_http(slack, small):
        assert ana.types("/plain")["error"] == "dispatch_failed"
        ana.opens_home()
        ids = {small.next().get("event_id") for _ in range(3)} - {None}
        assert len(ids) == 1
    assert tried == [[None, None], [["1"], ["http_error"]]]
