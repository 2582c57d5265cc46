"""Uploads that a killed writer left half-done: invisible in a listing, and paid for. The client cannot find them.

Requests are signed here (AWS Signature Version 4), so it needs keys that are known: with those of a machine's role
they stay until the bucket's own rule for incomplete uploads removes them.
"""

import hashlib
import hmac
import html
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote, urlencode, urlsplit

_NOTHING = hashlib.sha256(b"").hexdigest()
_UPLOAD = re.compile(r"<Upload>(.*?)</Upload>", re.DOTALL)
_SECONDS = 30


@dataclass(frozen=True, kw_only=True, slots=True)
class BucketAccess:
    """Where a bucket is, and who asks."""

    #: With the bucket in it, in host or path, and no slash at its end.
    url: str
    region: str
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    session_token: str | None = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Upload:
    key: str
    number: str
    begun_at: datetime


def abort_uploads(access: BucketAccess, prefix: str, chosen: Callable[[Upload], bool]) -> int:
    """Ends those under this prefix that are chosen, and says how many. Storage that does not let us is left as it is."""
    aborted = 0
    try:
        for upload in list(_uploads(access, prefix)):
            if chosen(upload):
                _ask(access, "DELETE", upload.key, {"uploadId": upload.number})
                aborted += 1
    except (OSError, ValueError):  # urllib's own errors are OSErrors
        # Whatever else was to be done is done; the next sweep tries again.
        return aborted
    return aborted


def _uploads(access: BucketAccess, prefix: str) -> Iterator[Upload]:
    marker: dict[str, str] = {}
    while True:
        text = _ask(access, "GET", "", {"uploads": "", "prefix": prefix, **marker})
        for block in _UPLOAD.findall(text):
            begun_at = datetime.fromisoformat(_of(block, "Initiated"))
            yield Upload(key=_of(block, "Key"), number=_of(block, "UploadId"), begun_at=begun_at)
        if "<IsTruncated>true</IsTruncated>" not in text:
            return
        marker = {"key-marker": _of(text, "NextKeyMarker"), "upload-id-marker": _of(text, "NextUploadIdMarker")}


def _of(text: str, name: str) -> str:
    found = re.search(rf"<{name}>([^<]*)</{name}>", text)
    if found is None:
        raise ValueError(f"the storage's answer has no {name}")
    return html.unescape(found[1])


def _ask(access: BucketAccess, method: str, key: str, query: Mapping[str, str]) -> str:
    from urllib.request import Request, urlopen

    parts = urlsplit(access.url)
    path = f"{parts.path}/{quote(key, safe='/-_.~')}"
    asked = urlencode(sorted(query.items()), quote_via=quote, safe="-_.~")
    asking = Asking(method=method, host=parts.netloc, path=path, query=asked)
    headers = signed(access, asking, datetime.now(UTC))
    address = f"{parts.scheme}://{parts.netloc}{path}?{asked}"
    request = Request(address, method=method, headers=headers)  # noqa: S310  the catalog's own address
    with urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310
        text: str = answer.read().decode(errors="replace")
    return text


@dataclass(frozen=True, kw_only=True, slots=True)
class Asking:
    """One request, quoted as it is sent; no body."""

    method: str
    host: str
    path: str
    query: str


def signed(access: BucketAccess, asking: Asking, now: datetime) -> dict[str, str]:
    """The request's headers. A signature holds for minutes from `now` on."""
    moment = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    headers = {"host": asking.host, "x-amz-content-sha256": _NOTHING, "x-amz-date": moment}
    if access.session_token:
        headers["x-amz-security-token"] = access.session_token
    names = ";".join(sorted(headers))
    listed = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    canonical = f"{asking.method}\n{asking.path}\n{asking.query}\n{listed}\n{names}\n{_NOTHING}"
    scope = f"{moment[:8]}/{access.region}/s3/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{access.secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    who = f"Credential={access.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
    return {**headers, "Authorization": f"AWS4-HMAC-SHA256 {who}"}
