"""A PostgreSQL server of Debian's, on loopback, for the length of a test."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from prefect_kit import free_port

BINARIES: Final = Path("/usr/lib/postgresql/15/bin")
PASSWORD: Final = "a-word-for-this-test"


class Postgres:
    """A running server with one database."""

    def __init__(self, port: int, who: dict[str, Any]) -> None:
        self.port = port
        self.url = f"postgresql+asyncpg://cutdown:{PASSWORD}@127.0.0.1:{port}/prefect"
        self._who = who

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        """One of its programs, connected to it."""
        return subprocess.run(
            [BINARIES / program, "-h", "127.0.0.1", "-p", str(self.port), "-U", "cutdown", *arguments],
            env={**os.environ, "PGPASSWORD": PASSWORD},
            capture_output=True,
            check=True,
            **self._who,
        )


def unprivileged() -> dict[str, Any]:
    """Whom its programs run as: they refuse to be root."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name for entry in pwd.getpwall()}
    user = next(name for name in ("postgres", "nobody") if name in names)
    entry = pwd.getpwnam(user)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": [], "cwd": "/"}


@contextlib.contextmanager
def postgres() -> Iterator[Postgres]:
    """Start a server with an empty database `prefect`; all of it is gone afterwards."""
    if not (BINARIES / "initdb").is_file():
        pytest.skip(f"needs PostgreSQL 15 in {BINARIES}: apt-get install postgresql-15")
    who = unprivileged()
    folder = Path(tempfile.mkdtemp(prefix="cutdown-postgres-"))
    (folder / "password").write_text(PASSWORD)
    if who:
        for path in (folder, folder / "password"):
            os.chown(path, who["user"], who["group"])
    port = free_port()
    try:
        subprocess.run(
            [BINARIES / "initdb", "-D", folder / "data", "-U", "cutdown", "--auth=scram-sha-256",
             f"--pwfile={folder / 'password'}", "--no-sync"],
            check=True, capture_output=True, **who,
        )  # fmt: skip
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [BINARIES / "postgres", "-D", folder / "data", "-h", "127.0.0.1", "-p", str(port), "-k", folder, "-F"],
                stdout=log, stderr=log, **who,
            )  # fmt: skip
            try:
                server = Postgres(port, who)
                deadline = time.monotonic() + 60
                while True:
                    with contextlib.suppress(subprocess.CalledProcessError):
                        server.run("createdb", "prefect")
                        break
                    assert process.poll() is None, (folder / "log").read_text()
                    assert time.monotonic() < deadline, "PostgreSQL did not start"
                    time.sleep(0.2)
                yield server
            finally:
                process.terminate()
                process.wait(30)
    finally:
        shutil.rmtree(folder)
