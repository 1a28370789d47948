"""Connections that break, stall and crawl; keys and rights that are wrong: recovered, or one clear line."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest
from proxy_kit import Fault, FaultyProxy
from pydantic import SecretStr
from s3_kit import KEY, READER, SECRET, S3Server, free_ports

from cutdown.errors import MissingKeyError, StorageError
from cutdown.janitor import rests
from cutdown.storage import SourceChangedError, open_place
from cutdown.storage.access import BucketAccess
from cutdown.storage.bucket import S3Place
from cutdown.storage.sending import MOST_PARTS, part_size

MEGABYTE = 1_000_000


SMALL: Final = 5 << 20  # bytes: the smallest part that S3 takes


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small parts and small pauses between tries."""
    monkeypatch.setattr("cutdown.storage.client._FIRST_PAUSE", 0.05)
    monkeypatch.setattr("cutdown.storage.sending.PART", SMALL)
    monkeypatch.setattr("cutdown.storage.fetching.RANGE", SMALL)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three parts and a rest of bytes that are nowhere alike."""
    path = tmp_path_factory.mktemp("large") / "large.bin"
    path.write_bytes(os.urandom(3 * SMALL + 12_345))
    return path


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def uploads(place: S3Place) -> list[str]:
    answer = place.client.call("listing", lambda s3: s3.list_multipart_uploads(Bucket=place.bucket))
    return [upload["Key"] for upload in answer.get("Uploads", ())]


@pytest.mark.parametrize(
    ("faults", "cut_at"),
    [
        ([Fault(cut_after=2 * MEGABYTE), None, Fault(cut_after=100)], []),
        ([Fault(stall_after=2 * MEGABYTE)], []),
        ([Fault(rate=20 * MEGABYTE)] * 2, []),
        ([], [n * 2 * MEGABYTE for n in range(1, 6)]),
    ],
    ids=["cut", "stall", "slow", "cut again and again"],
)
def test_a_fetch_recovers(
    s3: S3Server, bucket: str, large: Path, tmp_path: Path, faults: list[Fault | None], cut_at: list[int]
) -> None:
    item = s3.place(bucket).publish(large, "large.bin")
    with FaultyProxy(s3.port, faults, cut_at=cut_at) as proxy:
        place = S3Place(bucket, "", s3.access(endpoint=proxy.endpoint), stalled=2)
        come = list[int]()
        assert place.fetch(item, tmp_path / "copy", on_bytes=come.append) == digest(large)
    assert digest(tmp_path / "copy") == digest(large)
    assert sum(come) == item.size
    assert proxy.cuts + proxy.stalls >= min(1, len(cut_at) + sum(not (f and f.rate) for f in faults))
    assert [path.name for path in tmp_path.iterdir()] == ["copy"]


@pytest.mark.parametrize(
    "faults",
    [
        [Fault("server", cut_after=2 * MEGABYTE), None, Fault("server", cut_after=100)],
        [None, Fault("server", stall_after=2 * MEGABYTE)],
        [Fault("server", rate=20 * MEGABYTE)] * 2,
        [None, Fault("client", cut_after=100), Fault("client", cut_after=300)],
    ],
    ids=["cut", "stall", "slow", "answer lost"],
)
def test_a_publish_recovers(s3: S3Server, bucket: str, large: Path, faults: list[Fault | None]) -> None:
    with FaultyProxy(s3.port, faults) as proxy:
        place = S3Place(bucket, "", s3.access(endpoint=proxy.endpoint), stalled=2)
        sent = list[int]()
        item = place.publish(large, "large.bin", on_bytes=sent.append)
    assert item.size == sum(sent) == large.stat().st_size
    whole = s3.place(bucket)
    found = whole.read("large.bin")
    assert found is not None
    assert hashlib.sha256(found[0]).hexdigest() == digest(large)
    assert uploads(whole) == []


def test_a_publish_whose_last_answer_is_lost_is_done(s3: S3Server, bucket: str, large: Path) -> None:
    with FaultyProxy(s3.port) as proxy:
        place = s3.place(bucket, endpoint=proxy.endpoint)
        sent = list[int]()

        def lose_the_answer_to_the_end(more: int) -> None:
            sent.append(more)
            if sum(sent) == large.stat().st_size:
                proxy.answers_to_lose = 1

        item = place.publish(large, "large.bin", on_bytes=lose_the_answer_to_the_end)
        assert proxy.cuts == 1
    assert s3.place(bucket).look("large.bin") == item
    assert item.size == large.stat().st_size


def test_a_publish_that_fails_in_the_middle_leaves_what_was_there(
    s3: S3Server, bucket: str, large: Path, tmp_path: Path
) -> None:
    place = s3.place(bucket)
    place.create("large.bin", b"old")
    with FaultyProxy(s3.port) as proxy:
        broken = S3Place(bucket, "", s3.access(endpoint=proxy.endpoint), patience=0.2, stalled=2)

        def break_for_good(_more: int) -> None:
            proxy.faults.extend([Fault("server", cut_after=1000)] * 60)
            proxy.cut_at.extend(proxy.passed + n for n in range(4))

        with pytest.raises(StorageError, match=r"writing 'large.bin'.*tried \d+ times") as told:
            broken.publish(large, "large.bin", on_bytes=break_for_good)
    assert told.value.retryable
    found = place.read("large.bin")
    assert found is not None
    assert found[0] == b"old"
    assert [item.name for item in place.list()] == ["large.bin"]


def test_a_publish_that_is_interrupted_takes_its_parts_away(s3: S3Server, bucket: str, large: Path) -> None:
    place = s3.place(bucket)

    class Stopped(BaseException):
        pass

    def stop(_more: int) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        place.publish(large, "large.bin", on_bytes=stop)
    assert list(place.list()) == []
    assert uploads(place) == []


PUBLISH = """
import sys
from pathlib import Path
from cutdown.storage import open_place, sending
sending.PART = int(sys.argv[3])
open_place(sys.argv[1]).publish(Path(sys.argv[2]), "large.bin", on_bytes=lambda _more: print("some", flush=True))
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=["interrupted", "killed"])
def test_a_process_that_ends_in_mid_publish_shows_nothing(
    s3: S3Server, bucket: str, tmp_path: Path, how: signal.Signals
) -> None:
    """Asked to end, it takes its parts away; killed, it leaves them to the janitor."""
    source = tmp_path / "large.bin"
    source.write_bytes(os.urandom(5 * SMALL))
    with FaultyProxy(s3.port, [None, *[Fault("server", rate=2 * MEGABYTE)] * 4]) as proxy:
        child = subprocess.Popen(
            [sys.executable, "-c", PUBLISH, f"s3://{bucket}", str(source), str(SMALL)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | s3.environment() | {"AWS_ENDPOINT_URL_S3": proxy.endpoint},
        )
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == b"some\n"
            child.send_signal(how)
            child.communicate(timeout=60)
        finally:
            child.kill()
            child.communicate()
    assert child.returncode != 0
    place = s3.place(bucket)
    assert list(place.list()) == []
    left = [] if how == signal.SIGINT else ["large.bin"]
    assert uploads(place) == left
    assert [item.name for item in rests(place, timedelta(0))] == left
    assert uploads(place) == []


def test_an_object_that_is_replaced_on_the_way_is_never_mixed(
    s3: S3Server, bucket: str, large: Path, tmp_path: Path
) -> None:
    place = s3.place(bucket)
    item = place.publish(large, "large.bin")
    newer = tmp_path / "newer.bin"
    newer.write_bytes(os.urandom(MEGABYTE))
    replacing = list[threading.Thread]()

    def replace(_more: int) -> None:
        if not replacing:
            replacing.append(threading.Thread(target=s3.place(bucket).publish, args=(newer, "large.bin")))
            replacing[0].start()

    # All four connections stall in the middle; when they are tried again the object is another one.
    with FaultyProxy(s3.port, [Fault(stall_after=MEGABYTE)] * 4) as proxy:
        stalling = s3.place(bucket, endpoint=proxy.endpoint)
        with pytest.raises(SourceChangedError, match=r"large\.bin"):
            stalling.fetch(item, tmp_path / "copy", on_bytes=replace)
    replacing[0].join()
    assert {path.name for path in tmp_path.iterdir()} == {"newer.bin"}
    now = place.look("large.bin")
    assert now is not None
    assert place.fetch(now, tmp_path / "copy") == digest(newer)


def test_a_create_whose_answer_is_lost_has_won_all_the_same(s3: S3Server, bucket: str) -> None:
    """The second try finds the object of the first, and must not take it for another's."""
    with FaultyProxy(s3.port, [Fault("client", cut_after=0)]) as proxy:
        place = s3.place(bucket, endpoint=proxy.endpoint)
        tag = place.create("lease", b"mine")
        assert proxy.cuts == 1
        assert tag is not None
        assert place.read("lease") == (b"mine", tag)
        assert place.create("lease", b"mine") is None
    with FaultyProxy(s3.port, [Fault("client", cut_after=0)]) as proxy:
        place = s3.place(bucket, endpoint=proxy.endpoint)
        newer = place.replace("lease", b"mine still", tag)
        assert place.read("lease") == (b"mine still", newer)


@pytest.mark.parametrize(
    ("key", "secret", "told"),
    [
        ("nobody", SECRET, "access key is not known"),
        (KEY, "wrong-secret-canary", "secret key is not the access key's"),
        (*READER, "denied; check the keys"),
    ],
)
def test_keys_and_rights_that_are_wrong_are_told_at_once(
    s3: S3Server, bucket: str, tmp_path: Path, key: str, secret: str, told: str
) -> None:
    place = S3Place(bucket, "", s3.access(key, secret))
    file = tmp_path / "file"
    file.write_bytes(b"x")
    begun = time.monotonic()
    for use in (lambda: place.publish(file, "file"), lambda: place.create("a", b"")):
        with pytest.raises(StorageError, match=told) as error:
            use()
        assert secret not in str(error.value)
        assert not error.value.retryable
        assert "\n" not in str(error.value)
    assert time.monotonic() - begun < 10


def test_a_bucket_that_is_not_there_is_named(s3: S3Server, tmp_path: Path) -> None:
    place = s3.place("no-such-bucket")
    for use in (lambda: list(place.list()), lambda: place.read("a"), lambda: place.create("a", b"")):
        with pytest.raises(StorageError, match=r"no-such-bucket.*there is no such bucket"):
            use()


def test_no_key_anywhere_names_every_place(
    s3: S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3.endpoint)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        MissingKeyError, match=r"AWS_ACCESS_KEY_ID.*\.env file; then AWS profiles and the role"
    ):
        open_place(f"s3://{bucket}").look("a")


def test_a_service_that_is_not_there_is_tried_again_and_then_told() -> None:
    (port,) = free_ports(1)
    access = BucketAccess(key_id="a", secret=SecretStr("b"), endpoint=f"http://127.0.0.1:{port}")
    place = S3Place("talks", "", access, patience=1)
    with pytest.raises(StorageError, match=r"connection failed.*tried \d+ times; try later") as told:
        place.look("a")
    assert told.value.retryable
    assert told.value.exit_code == 6


@pytest.fixture
def self_signed(tmp_path: Path) -> Iterator[int]:
    """The port of a server whose certificate nobody has signed but itself."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [
            str(shutil.which("openssl")), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost",
            "-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate),
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listening.accept()
                    with connection, contextlib.suppress(OSError):
                        context.wrap_socket(connection, server_side=True).close()

        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl to make a certificate")
def test_a_certificate_that_nobody_knows_is_told_at_once(self_signed: int) -> None:
    access = BucketAccess(key_id="a", secret=SecretStr("b"), endpoint=f"https://localhost:{self_signed}")
    with pytest.raises(
        StorageError, match=r"certificate is not trusted; give yours in AWS_CA_BUNDLE"
    ) as told:
        S3Place("talks", "", access).look("a")
    assert not told.value.retryable


def test_ten_thousand_parts_are_enough_for_five_terabytes() -> None:
    for size in (1, SMALL, 150 << 30, 156 << 30, 5 * 10**12, 5 << 40):
        part = part_size(size)
        assert -(-size // part) <= MOST_PARTS
        assert SMALL <= part <= 5 << 30
    assert part_size(48 << 30) == SMALL
