"""Signatures of our own requests to object storage, held against the two examples of Amazon's description."""

from datetime import UTC, datetime

import pytest

from actions.backup.bucket_uploads import Asking, BucketAccess, signed

ACCESS = BucketAccess(
    url="https://examplebucket.s3.amazonaws.com", region="us-east-1", access_key="AKIAIOSFODNN7EXAMPLE",
    secret_key="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", session_token=None,
)  # fmt: skip


@pytest.mark.parametrize(
    ("query", "signature"),
    [
        ("lifecycle=", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        ("max-keys=2&prefix=J", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
    ],
)
def test_a_signature_is_the_one_that_amazon_computes(query: str, signature: str) -> None:
    asking = Asking(method="GET", host="examplebucket.s3.amazonaws.com", path="/", query=query)
    headers = signed(ACCESS, asking, datetime(2013, 5, 24, tzinfo=UTC))
    assert headers["Authorization"].endswith(f"Signature={signature}")


def test_keys_are_not_shown() -> None:
    assert "wJalr" not in repr(ACCESS)
    assert "AKIA" not in repr(ACCESS)
