"""What went wrong with object storage, in words that help: its own code where it gave one, and what to do about it."""

import re

from actions.errors import UnavailableError
from actions.redaction import redact

_RIGHTS = "s3:PutObject, s3:GetObject, s3:DeleteObject, s3:AbortMultipartUpload and s3:ListBucket"
_KEYS = "Look at the store's `access_key`, `secret_key` and `session_token`, or at what the machine provides."
_REGION = "Set the store's `region` to the one in which the bucket lies."
_BUSY = "Wait a while, and try again."

#: By what the storage or the client said: what it means, and what helps.
_MEANINGS: tuple[tuple[str, str, str], ...] = (
    (r"<Code>NoSuchBucket<", "there is no such bucket", "Create it, or correct the store's `bucket` and `endpoint`."),
    (r"<Code>(InvalidAccessKeyId|SignatureDoesNotMatch|AuthFailure)<|Unauthenticated", "the keys are not accepted", _KEYS),
    (r"<Code>(ExpiredToken|InvalidToken|TokenRefreshRequired|RequestExpired)<", "the session token is not valid any more", _KEYS),
    (r"<Code>RequestTimeTooSkewed<", "this machine's clock is wrong", "Set the clock; signatures hold for minutes."),
    (r"<Code>(AuthorizationHeaderMalformed|PermanentRedirect|IllegalLocationConstraintException)<|BareRedirect",
     "the bucket lies in another region", _REGION),
    (r"<Code>(AccessDenied|AllAccessDisabled|AccountProblem)<|PermissionDenied",
     "the keys have no right to do this", f"Give them {_RIGHTS} for the bucket."),
    (r"<Code>(BadDigest|XAmzContentSHA256Mismatch|InvalidDigest|XAmzContentChecksumMismatch)<",
     "what arrived is not what was sent: a checksum differs", "Try again; if it stays so, look for what changes the traffic on the way."),
    (r"<Code>(QuotaExceeded|XMinioStorageFull|StorageFull|InsufficientStorage)\w*<|status: 507",
     "it is full", "Free some room there, keep fewer backups, or choose another store."),
    (r"<Code>(SlowDown|ServiceUnavailable|Busy)\w*<|status: (503|429)", "it is overloaded", _BUSY),
    (r"<Code>InternalError<|status: 5\d\d", "it has an error of its own", _BUSY),
    (r"missing credentials|CredentialsNotLoaded|metadata endpoint|169\.254\.169\.254|token endpoint",
     "no keys were found for it", "Set the store's `access_key` and `secret_key`, or give the machine a role."),
    (r"kind: Timeout|TimedOut", "it did not answer in time", _BUSY),
    (r"kind: (Connect|Request|Interrupted|Unknown)|ConnectError|IncompleteMessage|connection", "it cannot be reached",
     "Look at the store's `endpoint` and the network between."),
)  # fmt: skip
_CHECKSUMS = re.compile(r"checksum|x-amz-sdk|<Code>NotImplemented<|status: 501", re.IGNORECASE)


def explained(error: Exception, bucket: str, what: str, *, hint: str = "") -> UnavailableError:
    """`what` is how the sentence goes on: cannot be `written`, `read`, .. ."""
    text = str(error)
    found = ((meaning, helps) for pattern, meaning, helps in _MEANINGS if re.search(pattern, text))
    meaning, next_step = next(found, (None, "Look at the store's bucket, endpoint, region and keys."))
    said = _said(text) or type(error).__name__
    reason = f"{meaning} ({said})" if meaning else said
    return UnavailableError(f"Bucket {bucket} cannot be {what}: {reason}", next_step=f"{next_step}{hint}")


def refuses_checksums(error: Exception) -> bool:
    """Some storage knows nothing of additional checksums, and says so instead of leaving them aside."""
    return _CHECKSUMS.search(str(error)) is not None and "<Code>BadDigest<" not in str(error)


def _said(text: str) -> str:
    """The storage's own code and sentence; of the client's pages only what stands at the end of their first line."""
    text = redact(text)
    own = re.findall(r"<(?:Code|Message)>([^<]+)</", text)
    if own:
        return ": ".join(own[:2])[:300]
    lines = text.strip().splitlines()
    return lines[0].rpartition(" - ")[2].strip(" :")[:200] if lines else ""
