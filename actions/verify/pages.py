"""Asking a page."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass

from actions.catalog.checks import HttpCheck
from actions.catalog.envref import as_variables
from actions.verify.outcome import Seen, Value
from actions.verify.values import json_at, judge_json

#: What is read of an answer at the most.
LONGEST = 4 * 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    status: int
    body: bytes


class _StayHere(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer: a login page elsewhere says nothing about the service."""

    def redirect_request(self, *_: object, **__: object) -> None:
        return None


def look_at_page(check: HttpCheck, environ: Mapping[str, str], *, before: Value, queried: Value) -> Seen:
    page = _ask(check, environ)
    return page if isinstance(page, Seen) else _judge(check, page, before=before, queried=queried)


def _judge(check: HttpCheck, page: Page, *, before: Value, queried: Value) -> Seen:
    if page.status != check.status:
        return Seen(passed=False, said=f"it answers {page.status}, not {check.status}")
    if check.contains is not None and check.contains.encode() not in page.body:
        return Seen(passed=False, said="its answer lacks the expected text")
    if check.json_ is None:
        return Seen(passed=True, said=f"it answers {page.status}")
    try:
        document = json.loads(page.body)
    except ValueError:
        return Seen(passed=False, said="its answer is not JSON")
    there, found = json_at(document, check.json_.path)
    if not there:
        return Seen(passed=False, said=f"its answer has nothing at {check.json_.path}")
    return judge_json(check.json_, found, before=before, queried=queried)


def _ask(check: HttpCheck, environ: Mapping[str, str]) -> Page | Seen:
    request = urllib.request.Request(  # noqa: S310 because the catalog takes http and https alone
        check.http, method=check.method, headers=as_variables(check.headers, environ),
        data=b"" if check.method == "POST" else None,
    )  # fmt: skip
    opener = urllib.request.build_opener(_StayHere, urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=check.timeout.total_seconds()) as answer:
            return Page(status=answer.status, body=answer.read(LONGEST))
    except urllib.error.HTTPError as answer:
        with answer:
            return Page(status=answer.code, body=answer.read(LONGEST))
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        return Seen(
            passed=False, said=f"it does not answer ({getattr(reason, 'strerror', None) or type(reason).__name__})"
        )
    except Exception as error:  # noqa: BLE001 because http.client has many ways to dislike an answer
        return Seen(passed=False, said=f"its answer cannot be read ({type(error).__name__})")
