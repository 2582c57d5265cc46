"""From the catalog to the real stores: what is left out comes from the environment, and secrets stay where they are."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from actions.backup.stores import FolderStore, S3Store, Store, chosen_stores
from actions.catalog import load_catalog
from actions.errors import ConfigurationError
from actions.redaction import redact
from tests.backup.object_storage import storage, way_to

CATALOG = """
stores:
  near: ./near
  far:
    bucket: acme-backups
    prefix: /shop/
    endpoint: https://minio.acme.test
    access_key: ${FAR_KEY}
    secret_key: ${FAR_SECRET}
    session_token: ${FAR_TOKEN}
  amazon:
    bucket: acme-backups
  half:
    bucket: acme-backups
    access_key: ${FAR_KEY}
services:
  shop:
    environment: production
    platform: local
    database: ${SHOP_URL}
    backups:
      stores: STORES
"""
ENVIRON = {
    "FAR_KEY": "far-key-id",
    "FAR_SECRET": "far-secret-value",
    "FAR_TOKEN": "far-token-value",
    "AWS_SESSION_TOKEN": "of-others",
}


def chosen(folder: Path, stores: str, environ: Mapping[str, str]) -> tuple[Store, ...]:
    file = folder / "catalog.yml"
    file.write_text(dedent(CATALOG).replace("STORES", stores))
    catalog = load_catalog(file, {})
    return chosen_stores(catalog.services["shop"], environ, folder / "default")


def only(folder: Path, stores: str, environ: Mapping[str, str]) -> S3Store:
    (store,) = chosen(folder, stores, environ)
    assert isinstance(store, S3Store)
    return store


def test_without_stores_it_is_the_default_folder(tmp_path: Path) -> None:
    assert chosen(tmp_path, "[]", {}) == (FolderStore(path=tmp_path / "default"),)


def test_several_stores_keep_their_order_and_their_keys(tmp_path: Path) -> None:
    near, far = chosen(tmp_path, "[near, far]", ENVIRON)
    assert near == FolderStore(path=tmp_path / "near")
    assert far == S3Store(
        bucket="acme-backups", prefix="shop", endpoint="https://minio.acme.test",
        access_key="far-key-id", secret_key="far-secret-value", session_token="far-token-value",
    )  # fmt: skip
    assert far.title == "acme-backups/shop"
    shown = f"{far!r} {redact('far-secret-value far-token-value')}"
    assert "far-secret" not in shown
    assert "far-token" not in shown


def test_what_is_left_out_comes_from_the_environment(tmp_path: Path) -> None:
    environ = {
        "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret-of-env", "AWS_SESSION_TOKEN": "token-of-env",
        "AWS_REGION": "eu-central-1", "AWS_ENDPOINT_URL": "https://s3.acme.test",
    }  # fmt: skip
    assert only(tmp_path, "amazon", environ) == S3Store(
        bucket="acme-backups", prefix="backout", endpoint="https://s3.acme.test", region="eu-central-1",
        access_key="id", secret_key="secret-of-env", session_token="token-of-env",
    )  # fmt: skip
    assert only(tmp_path, "amazon", {}).access_key is None


def test_a_variable_that_is_not_set_or_half_a_pair_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="`FAR_SECRET` is not set"):
        chosen(tmp_path, "far", {"FAR_KEY": "x", "FAR_TOKEN": "x"})
    with pytest.raises(ConfigurationError, match="go together"):
        chosen(tmp_path, "half", ENVIRON)


@pytest.mark.parametrize(
    ("endpoint", "path_style", "url"),
    [
        (None, False, "https://acme.s3.eu-west-1.amazonaws.com"),
        (None, True, "https://s3.eu-west-1.amazonaws.com/acme"),
        ("https://minio.acme.test:9000/", True, "https://minio.acme.test:9000/acme"),
        ("https://minio.acme.test:9000", False, "https://acme.minio.acme.test:9000"),
        ("http://127.0.0.1:9000", False, "http://127.0.0.1:9000/acme"),
        ("http://minio:9000", False, "http://minio:9000/acme"),
    ],
)
def test_the_bucket_is_in_host_or_path(endpoint: str | None, path_style: bool, url: str) -> None:
    store = S3Store(bucket="acme", region="eu-west-1", endpoint=endpoint, path_style=path_style)
    assert store.url == url


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with storage() as found:
        yield found


def test_only_its_own_keys_are_sent(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_TOKEN"):
        monkeypatch.setenv(name, "of-others")
    with way_to(port, lambda _: None) as way:
        S3Store(
            bucket="backups", endpoint=f"http://127.0.0.1:{way.port}", access_key="ours", secret_key="ours-secret"
        ).probe()
    assert way.requests
    assert all("Credential=ours/" in asked.headers for asked in way.requests)
    assert all("of-others" not in asked.headers and "ours-secret" not in asked.headers for asked in way.requests)


def test_region_and_token_are_sent(port: int) -> None:
    with way_to(port, lambda _: None) as way:
        S3Store(
            bucket="backups", endpoint=f"http://127.0.0.1:{way.port}", region="eu-central-1",
            access_key="ours", secret_key="ours-secret", session_token="ours-token",
        ).probe()  # fmt: skip
    assert all("/eu-central-1/s3/" in asked.headers for asked in way.requests)
    assert all("x-amz-security-token: ours-token" in asked.headers.lower() for asked in way.requests)


def test_a_host_that_does_not_know_the_bucket_names_the_other_style() -> None:
    store = S3Store(bucket="acme", endpoint="http://s3.localhost.invalid:9", access_key="a", secret_key="b")
    with pytest.raises(Exception, match="path_style"):
        store.probe()
