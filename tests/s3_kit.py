"""A real S3 server for tests: SeaweedFS on loopback, with a bucket of its own for whoever asks."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Self

from pydantic import SecretStr

from cutdown.storage.access import BucketAccess
from cutdown.storage.bucket import S3Place

KEY, SECRET = "test-key", "test-secret-canary"
READER = ("reader-key", "reader-secret")  # may read and list, and nothing else
HOSTED = "s3.test"  # bucket.s3.test is a bucket in the host name
_PORTS = 5  # master, volume, filer, S3, WebDAV's neighbour; each opens port + 10000 too


class S3Server:
    """SeaweedFS with its data in a folder that goes with it."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="cutdown-s3-"))
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._buckets = 0

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._process:
            self._process.kill()  # asked politely it takes more than ten seconds
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def access(self, key: str = KEY, secret: str = SECRET, *, endpoint: str | None = None) -> BucketAccess:
        return BucketAccess(
            key_id=key, secret=SecretStr(secret), endpoint=endpoint or self.endpoint, region="us-east-1"
        )

    def environment(self) -> dict[str, str]:
        """Variables by which another process reaches the server."""
        return {
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_ENDPOINT_URL_S3": self.endpoint,
            "AWS_REGION": "us-east-1",
        }

    def new_bucket(self) -> str:
        """A fresh, empty bucket."""
        self._buckets += 1
        name = f"bucket-{self._buckets}"
        place = S3Place(name, "", self.access())
        place.client.call("making a bucket", lambda s3: s3.create_bucket(Bucket=name))
        return name

    def place(
        self, bucket: str, prefix: str = "", *, endpoint: str | None = None, patience: float = 20.0
    ) -> S3Place:
        """A place of a bucket, reached with the full rights."""
        return S3Place(bucket, prefix, self.access(endpoint=endpoint), patience=patience, stalled=5.0)

    def _start(self) -> None:
        identities = [
            {
                "name": "all",
                "credentials": [{"accessKey": KEY, "secretKey": SECRET}],
                "actions": ["Admin", "Read", "Write", "List", "Tagging"],
            },
            {
                "name": "reader",
                "credentials": [{"accessKey": READER[0], "secretKey": READER[1]}],
                "actions": ["Read", "List"],
            },
        ]
        config = self._folder / "s3.json"
        config.write_text(json.dumps({"identities": identities}))
        master, volume, filer, self.port = free_ports(4)
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [
                    str(Path(sys.executable).with_name("weed")), "server",
                    "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={self._folder}",
                    f"-master.port={master}", "-master.volumeSizeLimitMB=1024",
                    f"-volume.port={volume}", "-volume.max=500",
                    "-filer", f"-filer.port={filer}", f"-filer.localSocket={self._folder / 'filer.sock'}",
                    "-s3", f"-s3.port={self.port}", f"-s3.config={config}", f"-s3.domainName={HOSTED}",
                    "-s3.autoCreateBucket=false", "-s3.port.iceberg=0", "-s3.port.lance=0", f"-s3.localSocket={self._folder / 's3.sock'}",
                ],
                cwd=self._folder,
                # one volume for a bucket, not seven: the 500 would be used up by 72 buckets
                env={**os.environ, "WEED_MASTER_VOLUME_GROWTH_COPY_1": "1"},
                stdout=subprocess.DEVNULL,
                stderr=log,
            )  # fmt: skip
        self._wait()

    def _wait(self, seconds: float = 60.0) -> None:
        assert self._process is not None
        end = time.monotonic() + seconds
        place = S3Place("any", "", self.access(), patience=0.1)
        while time.monotonic() < end:
            if self._process.poll() is not None:
                raise RuntimeError(f"weed ended at once: {(self._folder / 'log').read_text()[-2000:]}")
            with contextlib.suppress(Exception):
                place.client.call("listing buckets", lambda s3: s3.list_buckets())
                return
            time.sleep(0.2)
        raise RuntimeError(f"weed did not answer: {(self._folder / 'log').read_text()[-2000:]}")


def free_ports(count: int) -> list[int]:
    """Ports that are free, and whose neighbours 10000 above are free as well."""
    found: list[int] = []
    while len(found) < count:
        port = random.randrange(20000, 45000)
        if port not in found and _is_free(port) and _is_free(port + 10000):
            found.append(port)
    return found


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
