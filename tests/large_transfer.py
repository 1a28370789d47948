"""A large file through publish and fetch, over a connection that is cut again and again: ``just transfer``.

The transfer runs in a process of its own, whose peak memory the kernel tells (Linux); server and proxy run in others.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any

from proxy_kit import FaultyProxy
from s3_kit import S3Server

from cutdown.files import hash_file

GIGABYTE = 1_000_000_000
CUTS = 5

CHILD = """
import json, resource, sys, time
from pathlib import Path
from cutdown.storage import open_place
url, source, copy = sys.argv[1:]
def peak():  # of this program alone; ru_maxrss also knows the process that it was started from
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) * 1024
def busy():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
place = open_place(url)
place.look("talk.mp4")  # libraries are loaded, a connection is made
told = {"baseline": peak()}
begun, worked = time.monotonic(), busy()
item = place.publish(Path(source), "talk.mp4")
told["publish_seconds"] = time.monotonic() - begun
told["publish_cpu"] = busy() - worked
print("published", flush=True)
sys.stdin.readline()
begun, worked = time.monotonic(), busy()
told["sha256"] = place.fetch(item, Path(copy))
told["fetch_seconds"] = time.monotonic() - begun
told["fetch_cpu"] = busy() - worked
told["peak"] = peak()
print(json.dumps(told))
"""


def transfer(server: S3Server, folder: Path, size: int, cuts: int) -> dict[str, Any]:
    """Publish and fetch a file of noise, with connections cut on each way, and tell what it took.

    Args:
        server: to send it to.
        folder: for the file and its copy.
        size: of the file in bytes.
        cuts: on each way, evenly spread.
    """
    source, copy = folder / "source.mp4", folder / "copy.mp4"
    with source.open("wb") as file:
        for start, end in pairwise((*range(0, size, 1 << 20), size)):
            file.write(os.urandom(end - start))
    url = f"s3://{server.new_bucket()}"
    cut_at = [size * (n + 1) // (cuts + 1) for n in range(cuts)]
    with FaultyProxy(server.port, cut_at=cut_at) as proxy:
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, url, str(source), str(copy)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | server.environment() | {"AWS_ENDPOINT_URL_S3": proxy.endpoint},
        )
        try:
            assert child.stdin is not None
            assert child.stdout is not None
            assert child.stdout.readline() == "published\n"
            publish_cuts = proxy.cuts
            proxy.cut_at.extend(proxy.passed + at for at in cut_at)
            told: dict[str, Any] = json.loads(child.communicate("go\n", timeout=600)[0])
        finally:
            child.kill()
            child.communicate()
    told |= {
        "size": size,
        "publish_cuts": publish_cuts,
        "fetch_cuts": proxy.cuts - publish_cuts,
        "equal": hash_file(source) == told["sha256"] == hash_file(copy),
    }
    return told


def main() -> int:
    """Print the account of one gigabyte, without and with cuts."""
    with S3Server() as server:
        for cuts in (0, CUTS):
            with tempfile.TemporaryDirectory(prefix="cutdown-transfer-") as folder:
                told = transfer(server, Path(folder), GIGABYTE, cuts)
            size = told["size"] / 1e6
            print(
                f"{size:.0f} MB: publish {size / told['publish_seconds']:.0f} MB/s, {told['publish_cpu']:.1f} CPU s, "
                f"{told['publish_cuts']} cuts; fetch {size / told['fetch_seconds']:.0f} MB/s, {told['fetch_cpu']:.1f} CPU s, "
                f"{told['fetch_cuts']} cuts; "
                f"hash {'equal' if told['equal'] else 'DIFFERENT'}; memory: {told['baseline'] / 1e6:.0f} MB before, "
                f"peak {told['peak'] / 1e6:.0f} MB"
            )
            if not told["equal"]:
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
