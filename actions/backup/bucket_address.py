"""Where a bucket is: its name in front of the storage's host, or behind it in the path."""

from ipaddress import ip_address
from urllib.parse import urlsplit


def bucket_url(bucket: str, *, endpoint: str | None, region: str | None, in_path: bool) -> str:
    """Without a slash at its end. Without an endpoint it is Amazon's."""
    parts = urlsplit((endpoint or f"https://s3.{region or 'us-east-1'}.amazonaws.com").rstrip("/"))
    if in_path:
        return f"{parts.scheme}://{parts.netloc}{parts.path}/{bucket}"
    return f"{parts.scheme}://{bucket}.{parts.netloc}{parts.path}"


def can_carry_a_bucket(endpoint: str | None) -> bool:
    """Whether there can be hosts below this one: not where it is a number, or a machine's short name."""
    host = (urlsplit(endpoint).hostname or "") if endpoint else "amazonaws.com"
    return "." in host and not _is_number(host)


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
