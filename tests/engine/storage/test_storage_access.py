"""How buckets are reached: order of the places, styles of address, threads and processes."""

from __future__ import annotations

import multiprocessing
import os
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from s3_kit import HOSTED, KEY, SECRET, S3Server

from cutdown.errors import UsageError
from cutdown.storage import open_place
from cutdown.storage.access import BucketAccess, access_to, buckets_reached_through
from cutdown.storage.bucket import S3Place


class Brought:
    """A source that knows one bucket."""

    def find(self, bucket: str, /) -> BucketAccess | None:
        return BucketAccess(key_id="from-block", secret=SecretStr("x")) if bucket == "talks" else None

    def place(self, bucket: str, /) -> str:
        return f"the block 'x/{bucket}'"


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in tuple(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_a_block_comes_before_the_environment_and_that_before_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text(
        "AWS_ACCESS_KEY_ID=from-file\nAWS_SECRET_ACCESS_KEY=secret-canary\n"
        "AWS_ENDPOINT_URL=http://127.0.0.1:9/\nAWS_DEFAULT_REGION=eu-central-1\nCUTDOWN_S3_ADDRESSING=virtual\n"
    )
    found = access_to("talks")
    assert (found.key_id, found.endpoint, found.region, found.addressing) == (
        "from-file",
        "http://127.0.0.1:9",
        "eu-central-1",
        "virtual",
    )
    assert "canary" not in f"{found} {found!r} {found.model_dump_json()}"
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "from-environment")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:8")
    assert access_to("talks").key_id == "from-environment"
    assert access_to("talks").endpoint == "http://127.0.0.1:8"
    with buckets_reached_through(Brought()):
        assert access_to("talks").key_id == "from-block"
        assert access_to("others").key_id == "from-environment"
    monkeypatch.setenv("CUTDOWN_S3_ADDRESSING", "sideways")
    with pytest.raises(UsageError, match="auto, path, virtual"):
        access_to("talks")


def test_a_profile_of_amazons_own_files_is_used(
    s3: S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What our own variables do not name, botocore finds, as for an instance's role."""
    (tmp_path / "credentials").write_text(
        f"[nightly]\naws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n"
    )
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_PROFILE", "nightly")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3.endpoint)
    place = open_place(f"s3://{bucket}")
    assert place.create("a", b"x") is not None


@pytest.mark.parametrize("addressing", ["path", "auto", "virtual"])
def test_the_bucket_may_stand_in_the_path_or_in_the_host(
    s3: S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch, addressing: Any
) -> None:
    asked = set[str]()
    resolve = socket.getaddrinfo

    def home(host: str, *rest: Any, **more: Any) -> Any:  # no name server here knows the name
        asked.add(host)
        return resolve("127.0.0.1" if host.endswith(HOSTED) else host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", home)
    endpoint = f"http://{HOSTED}:{s3.port}"
    access = s3.access(endpoint=endpoint).model_copy(update={"addressing": addressing})
    place = S3Place(bucket, "", access, patience=1)
    assert place.create("in/a", b"x") is not None
    assert [item.name for item in s3.place(bucket).list()] == ["in/a"]
    assert asked == {f"{bucket}.{HOSTED}" if addressing == "virtual" else HOSTED}


def test_many_threads_may_use_a_place(s3: S3Server, bucket: str, tmp_path: Path) -> None:
    place = s3.place(bucket)

    def there_and_back(number: int) -> bytes:
        path = tmp_path / str(number)
        path.write_bytes(bytes([number]) * 10_000)
        place.fetch(place.publish(path, f"{number}"), tmp_path / f"{number} back")
        return (tmp_path / f"{number} back").read_bytes()

    with ThreadPoolExecutor(12) as pool:
        assert list(pool.map(there_and_back, range(12))) == [bytes([n]) * 10_000 for n in range(12)]


def _read_elsewhere(place: S3Place) -> None:
    found = place.read("a")
    raise SystemExit(0 if found and found[0] == b"x" else 1)


def test_a_spawned_process_opens_connections_of_its_own(s3: S3Server, bucket: str) -> None:
    """It gets the place pickled."""
    place = s3.place(bucket)
    place.create("a", b"x")  # connected before the other process is made
    other = multiprocessing.get_context("spawn").Process(target=_read_elsewhere, args=(place,))
    other.start()
    try:
        other.join(60)
        assert other.exitcode == 0
    finally:
        other.kill()
        other.join()
    assert place.read("a") is not None


_FORKING = """
import multiprocessing, sys, time
from cutdown.storage import open_place
from cutdown.storage.client import STALLED

place = open_place(sys.argv[1])
place.create("a", b"x")  # connected before the other process is made
other = multiprocessing.get_context("fork").Process(target=lambda: sys.exit(place.read("a")[0] != b"x"))
other.start()
other.join(30)
other.kill()
began = time.monotonic()
mine = place.read("a")[0]
sys.exit(other.exitcode != 0 or mine != b"x" or time.monotonic() - began > STALLED * 0.75)
"""


def test_a_forked_process_opens_connections_of_its_own(s3: S3Server, bucket: str) -> None:
    """It inherits the place with its connections, and leaves the first process's as they were.

    Forked from an interpreter of its own: Prefect, which other tests load into this one, registers an end of its
    threads that fails in whatever is forked.
    """
    forking = subprocess.run(
        [sys.executable, "-c", _FORKING, f"s3://{bucket}"],
        env={**os.environ, **s3.environment()},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert forking.returncode == 0, forking.stderr


def test_labels_are_read(s3: S3Server, bucket: str, tmp_path: Path) -> None:
    place = s3.place(bucket)
    place.create("talk.mp4", b"x")
    place.client.call(
        "tagging",
        lambda client: client.put_object_tagging(
            Bucket=bucket, Key="talk.mp4", Tagging={"TagSet": [{"Key": "priority", "Value": "high"}]}
        ),
    )
    assert place.tags("talk.mp4") == {"priority": "high"}
    folder = open_place(tmp_path)
    folder.create("talk.mp4", b"x")
    assert folder.tags("talk.mp4") == {}
    (tmp_path / "talk.mp4.tags.json").write_text('{"priority": "high"}')
    assert folder.tags("talk.mp4") == {"priority": "high"}
    (tmp_path / "talk.mp4.tags.json").write_text("[high]")
    with pytest.raises(UsageError, match=r"talk\.mp4\.tags\.json' is not a JSON object"):
        folder.tags("talk.mp4")


def test_a_long_list_comes_whole_and_in_order(s3: S3Server, bucket: str) -> None:
    place = s3.place(bucket)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: place.create(f"{number:04}.mp4", b""), range(1010)))
    place.client.call("a marker of a folder", lambda client: client.put_object(Bucket=bucket, Key="zz/"))
    assert [item.name for item in place.list()] == [f"{number:04}.mp4" for number in range(1010)]
