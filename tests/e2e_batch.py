"""``just e2e-batch``: nights of a batch on several workers, and what goes wrong in them.

A real S3 server behind a proxy that can cut, a real Prefect server, two workers that render and one that
hands out, each a process of its own with its own state folder and Prefect home. Nothing is started by hand: the
deployment ``nightly-batch`` is due by its schedule. What is printed is read from the bucket, from the workers' own
records and from Prefect, and compared.
"""

from __future__ import annotations

import argparse
import contextvars
import json
import re
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from fleet_kit import Program, Server, asked_at, put_into_force, worker
from proxy_kit import FaultyProxy
from rich.console import Console
from rich.table import Table
from s3_kit import S3Server, free_ports

from benchmarks.short_talks import make_talk
from cutdown.batch.desk import Desk
from cutdown.batch.names import INDEX, key_in, shelf
from cutdown.batch.records import Done, Manifest
from cutdown.metrics import AssemblyRecord, read_records
from cutdown.storage import Place
from cutdown.store import hash_file

PADDING: Final = 40_000_000  # bytes after a recording, so that fetching it takes several ranges
LEASE: Final = 20  # seconds
QUICK: Final = {"speech": {"whisper_model": "tiny.en"}, "render": {"preset": "ultrafast"}}
SLOW: Final = {
    "speech": {"whisper_model": "tiny.en"},
    "render": {"preset": "veryslow", "resolution": "1920x1080"},
}

console = Console(width=150)


def main() -> int:
    """Run the nights; 0 when everything was as it must be."""
    options = argparse.ArgumentParser(prog="just e2e-batch", description=__doc__)
    options.add_argument("--keep", type=Path, help="keep logs and state in this folder")
    options.add_argument("--night", choices=["calm", "stormy", "both"], default="both")
    given = options.parse_args()
    began = time.monotonic()
    with ExitStack() as stack:
        folder = given.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="e2e-batch-")))
        folder.mkdir(parents=True, exist_ok=True)
        setting = stack.enter_context(Setting.up(folder))
        faults: list[str] = []
        if given.night in ("calm", "both"):
            faults += calm_night(setting)
        if given.night in ("stormy", "both"):
            faults += stormy_night(setting)
    console.rule(f"{time.monotonic() - began:.0f} s in all")
    for fault in faults:
        console.print(f"[bold red]not as it must be:[/] {fault}")
    console.print("[bold green]everything is as it must be[/]" if not faults else "[bold red]failed[/]")
    return 1 if faults else 0


class Setting:
    """The servers, the workers and the bucket."""

    def __init__(
        self, folder: Path, s3: S3Server, proxy: FaultyProxy, server: Server, workers: dict[str, Program]
    ) -> None:
        self.folder = folder
        self.s3 = s3
        self.proxy = proxy
        self.server = server
        self.workers = workers
        self.bucket = s3.new_bucket()

    @classmethod
    @contextmanager
    def up(cls, folder: Path) -> Iterator[Setting]:
        """Start everything; at the end, end everything."""
        (port,) = free_ports(1)
        with ExitStack() as stack:
            server = Server(folder, port).start()
            stack.callback(server.terminate)
            s3 = stack.enter_context(S3Server())
            proxy = stack.enter_context(FaultyProxy(s3.port))
            server.wait()
            home = folder / "here"
            (home / "prefect").mkdir(parents=True)
            stack.enter_context(asked_at(server.api, home / "prefect"))
            put_into_force(server.api, home)
            reach = s3.environment() | {"AWS_ENDPOINT_URL_S3": proxy.endpoint}
            workers = {
                name: worker(name, pool, folder, server.api, limit=limit, **reach).start()
                for name, pool, limit in (
                    ("hands-out", "cutdown-light", 4),
                    ("one", "cutdown", 1),
                    ("two", "cutdown", 1),
                )
            }
            for each in workers.values():
                stack.callback(each.terminate)
            say(
                f"Prefect {server.api}, S3 {s3.endpoint} behind {proxy.endpoint}, workers {', '.join(workers)}"
            )
            yield cls(folder, s3, proxy, server, workers)

    def place(self, prefix: str) -> Place:
        """A place of the bucket, past the proxy."""
        return self.s3.place(self.bucket, prefix)

    def night(self, number: int, options: dict[str, Any], during: Callable[[], None] = lambda: None) -> Night:
        """Set the schedule to the next minute, and wait until the batch is over.

        Args:
            number: which night; each has its own prefixes.
            options: for the recordings.
            during: runs beside the batch once it has begun.
        """
        source, dest = (f"s3://{self.bucket}/night-{number}/{part}" for part in ("in", "out"))
        parameters = {
            "source": source,
            "dest": dest,
            "options": options,
            "selection": {},
            "limits": {"where": "workers", "side_by_side": 4, "lease_seconds": LEASE},
        }
        due = datetime.now(UTC) + timedelta(
            seconds=120
        )  # a full minute ahead, so that a busy scheduler sees it coming
        run = _due_at(due, parameters, on_begin=_beside(during))
        return Night(self, number, run)


class Night:
    """What a batch left."""

    def __init__(self, setting: Setting, number: int, run: Any) -> None:
        self.run = run
        self.source = setting.place(f"night-{number}/in")
        self.dest = setting.place(f"night-{number}/out")
        self.desk = Desk(self.dest)
        self.setting = setting
        index = [key_in(item.name) for item in self.dest.list(f"{INDEX}/")]
        self.index = [entry for entry in index if entry is not None]

    def keys(self, kind: str) -> list[str]:
        """The keys of a shelf of the index."""
        return [key for shelf_, key in self.index if shelf_ == kind]

    def manifests(self) -> list[Manifest]:
        """All results."""
        found = [self.desk.manifest(key) for key in self.keys("content")]
        return [manifest for manifest in found if manifest is not None]

    def done(self) -> list[Done]:
        """All recordings that have their result."""
        found = [self.desk.done(key) for key in self.keys("done")]
        return [done for done in found if done is not None]

    def table(self) -> dict[str, Any]:
        """The batch's own account."""
        (name,) = [item.name for item in self.dest.list("batches/") if item.name.endswith("/batch.json")]
        found = self.dest.read(name)
        assert found is not None
        account: dict[str, Any] = json.loads(found[0])
        return account

    def torn(self) -> list[str]:
        """Files that a manifest names and that are not there as it says."""
        faults = []
        with tempfile.TemporaryDirectory() as folder:
            for manifest in self.manifests():
                for file in manifest.files:
                    item = self.dest.look(file.name)
                    if item is None or self.dest.fetch(item, Path(folder, "file")) != file.sha256:
                        faults.append(file.name)
        return faults

    def strays(self) -> list[str]:
        """Files in result folders that no manifest names."""
        named = {file.name for manifest in self.manifests() for file in manifest.files}
        people = ("manifest.json", "failure.json")
        return [
            item.name
            for item in self.dest.list()
            if not item.name.startswith((f"{INDEX}/", "batches/"))
            and item.name not in named
            and not item.name.endswith(people)
        ]

    def renders(self) -> Counter[str]:
        """How often each content was rendered to the end, by the workers' own metrics."""
        contents = {manifest.sha256 for manifest in self.manifests()}
        counted: Counter[str] = Counter()
        for name in self.setting.workers:
            history = self.setting.folder / name / "metrics.jsonl"
            for record in read_records(history) if history.is_file() else ():
                if isinstance(record, AssemblyRecord) and not record.cached and record.video_id in contents:
                    counted[record.video_id] += 1
        return counted


def calm_night(setting: Setting) -> list[str]:
    """Twelve recordings: one broken, one without sound, one twice, one replaced while it is fetched."""
    console.rule("a calm night")
    names = [f"talk-{n:02d}.mp4" for n in range(8)]
    films = _make(setting.folder / "films", {name: {"number": n} for n, name in enumerate(names)})
    films |= _make(
        setting.folder / "films",
        {
            "silent.mp4": {"number": 8, "sound": False},
            "old.mp4": {"number": 9},
            "new.mp4": {"number": 10},
        },
    )
    with films["old.mp4"].open("ab") as file:  # a box that players skip
        file.write((PADDING + 8).to_bytes(4, "big") + b"free" + b"\0" * PADDING)
    source = setting.place("night-1/in")
    for name in (*names, "silent.mp4"):
        source.publish(films[name], name)
    source.publish(films["talk-03.mp4"], "same as talk-03.mp4")
    source.publish(films["old.mp4"], "replaced.mp4")
    source.create("broken.mp4", b"this was to be a video " * 2000)
    say(f"{len(list(source.list()))} recordings uploaded")

    replaced = threading.Event()
    turn = threading.Lock()

    def in_mid_download(_number: int, towards: str, block: bytes) -> None:
        if towards != "server" or b"GET " not in block or b"/night-1/in/replaced.mp4" not in block:
            return
        begins = re.search(rb"[Rr]ange: bytes=(\d+)-", block)
        with turn:
            if begins and int(begins[1]) > 0 and not replaced.is_set():
                source.publish(films["new.mp4"], "replaced.mp4")
                replaced.set()
                say("replaced.mp4 was replaced while it was fetched")

    setting.proxy.watch = in_mid_download
    night = setting.night(1, QUICK)
    setting.proxy.watch = None
    return _account(
        night,
        {
            "started by its schedule": (night.run.auto_scheduled, True),
            "recordings": (len(night.table()["rows"]), 12),
            "distinct results": (len(night.manifests()), 10),
            "failure records": (len(night.keys("failed")), 1),
            "the failed one": ([row["name"] for row in _rows(night, "failed")], ["broken.mp4"]),
            "duplicates linked": (
                sorted({row["name"] for row in _rows(night, "duplicate")} | _firsts(night)),
                ["same as talk-03.mp4", "talk-03.mp4"],
            ),
            "replaced while it was fetched": (replaced.is_set(), True),
            "the replaced one in its new form": (
                _content_of(night, "replaced.mp4"),
                hash_file(films["new.mp4"]),
            ),
            "its old form published": (hash_file(films["old.mp4"]) in _contents(night), False),
            "table: done, duplicate, failed": (_states(night), {"done": 10, "duplicate": 1, "failed": 1}),
            "table agrees with the files": (_videos_of_table(night), _videos_of_files(night)),
            "renders of each result": (sorted(night.renders().values()), [1] * 10),
            "files that are torn": (night.torn(), []),
            "files that no manifest names": (night.strays(), []),
            "leases still held": (night.keys("leases") and _held(night), []),
        },
    )


def stormy_night(setting: Setting) -> list[str]:
    """A worker is killed while it renders, S3 is cut in mid-upload, Prefect's server is restarted."""
    console.rule("a stormy night")
    names = [f"long-{n}.mp4" for n in range(4)]
    films = _make(
        setting.folder / "films", {name: {"number": n, "rounds": 3} for n, name in enumerate(names)}
    )
    source = setting.place("night-2/in")
    for name in names:
        source.publish(films[name], name)
    story: dict[str, Any] = {"killed": "", "was rendering": "", "cuts": 0, "restarted": False}

    def storm() -> None:
        story["killed"], story["was rendering"] = _kill_in_mid_render(setting)
        _restart(setting.server)
        story["restarted"] = True

    uploads: dict[int, int] = {}

    def in_mid_upload(number: int, towards: str, block: bytes) -> None:
        if towards != "server":
            return
        if block.startswith(b"PUT ") and re.search(rb"/night-2/out/\S+\.mp4[ ?]", block.split(b"\r\n", 1)[0]):
            uploads[number] = 0
        elif number in uploads and story["cuts"] < 2:
            story["cuts"] += 1
            del uploads[number]
            say("S3 was cut in mid-upload")
            raise ConnectionResetError

    setting.proxy.watch = in_mid_upload
    night = setting.night(2, SLOW, during=storm)
    setting.proxy.watch = None
    overtaken = [m for m in night.manifests() if any(turn.why == "expired" for turn in m.before)]
    return _account(
        night,
        {
            "started by its schedule": (night.run.auto_scheduled, True),
            "a worker was killed in mid-render": (bool(story["killed"]), True),
            "S3 was cut in mid-upload": (story["cuts"] >= 1, True),
            "Prefect's server was restarted": (story["restarted"], True),
            "distinct results": (len(night.manifests()), 4),
            "table": (_states(night), {"done": 4}),
            "table agrees with the files": (_videos_of_table(night), _videos_of_files(night)),
            "renders that came to their end": (sorted(night.renders().values()), [1] * 4),
            "taken over": ([m.source.name for m in overtaken], [story["was rendering"]]),
            "from": (
                [turn.holder.split("/")[0] for m in overtaken for turn in m.before if turn.why == "expired"],
                [story["killed"]],
            ),
            "files that are torn": (night.torn(), []),
            "files that no manifest names": (night.strays(), []),
            "leases still held": (_held(night), []),
        },
    )


def _kill_in_mid_render(setting: Setting) -> tuple[str, str]:
    """Kill the worker that renders; its name, and the recording's."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterState, FlowRunFilterStateName

    running = FlowRunFilter(state=FlowRunFilterState(name=FlowRunFilterStateName(any_=["Running"])))
    place = setting.place("night-2/out")
    until = time.monotonic() + 300
    while time.monotonic() < until:
        with get_client(sync_client=True) as client:
            runs = {run.id: run for run in client.read_flow_runs(flow_run_filter=running)}
            tasks = client._client.post(
                "/task_runs/filter", json={"task_runs": {"state": {"name": {"any_": ["Running"]}}}}
            ).json()
        for task in tasks:
            if task["name"].startswith("render ") and UUID(task["flow_run_id"]) in runs:
                name = runs[UUID(task["flow_run_id"])].parameters["ticket"]["name"]
                holder = _holder_of(place, name)
                if holder in setting.workers:
                    count = setting.workers[holder].kill()
                    say(
                        f"worker '{holder}' was killed with {count - 1} processes below it while it rendered {name}"
                    )
                    return holder, name
        time.sleep(0.3)
    return "", ""


def _holder_of(place: Place, name: str) -> str:
    for item in place.list(shelf("leases")):
        found = place.read(item.name)
        if found is not None and (state := json.loads(found[0]))["source"] == name:
            return str(state["holder"]).split("/")[0]
    return ""


def _restart(server: Server) -> None:
    server.kill()
    say("Prefect's server was killed")
    time.sleep(5)
    server.start()
    server.wait()
    say("Prefect's server is back")


def _due_at(due: datetime, parameters: dict[str, Any], on_begin: Callable[[], None]) -> Any:
    """Give the deployment a cron schedule for a minute of the day, and wait for the run that it makes."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import DeploymentScheduleCreate
    from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId
    from prefect.client.schemas.schedules import CronSchedule

    name = "optimize-batch/nightly-batch"
    cron = CronSchedule(cron=f"{due.minute} {due.hour} * * *", timezone="UTC")
    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name(name)
        for schedule in client.read_deployment_schedules(deployment.id):
            client.delete_deployment_schedule(deployment.id, schedule.id)
        client.create_deployment_schedules(
            deployment.id, [DeploymentScheduleCreate(schedule=cron, active=True, parameters=parameters)]
        )
    say(f"nightly-batch is due at {due:%H:%M} UTC, by cron '{cron.cron}'")
    of_it = DeploymentFilter(id=DeploymentFilterId(any_=[deployment.id]))
    begun = None
    until = time.monotonic() + 1800
    while time.monotonic() < until:
        try:
            with get_client(sync_client=True) as client:
                runs = client.read_flow_runs(deployment_filter=of_it)
        except Exception:  # noqa: BLE001  # the server is away: that is part of it
            time.sleep(1)
            continue
        for run in runs:
            mine = run.parameters.get("source") == parameters["source"]
            if mine and begun is None and run.state is not None and run.state.is_running():
                begun = run.id
                say(f"flow run '{run.name}' began, created by the scheduler: {run.auto_scheduled}")
                on_begin()
            if run.id == begun and run.state is not None and run.state.is_final():
                say(f"flow run ended as {run.state.name}: {run.state.message}")
                return run
        time.sleep(1)
    raise AssertionError("the batch did not come to its end in half an hour")


def _beside(work: Callable[[], None]) -> Callable[[], None]:
    """Something to begin in another thread, which asks the same server as this one."""
    context = contextvars.copy_context()
    return lambda: threading.Thread(target=context.run, args=(work,), daemon=True).start()


def _make(folder: Path, wanted: dict[str, dict[str, Any]]) -> dict[str, Path]:
    made = {}
    for name, how in wanted.items():
        made[name] = folder / name
        if not made[name].is_file():
            make_talk(made[name], **how)
    say(f"{len(made)} recordings made")
    return made


def _rows(night: Night, state: str) -> list[dict[str, Any]]:
    return [row for row in night.table()["rows"] if row["state"] == state]


def _states(night: Night) -> dict[str, int]:
    return dict(Counter(row["state"] for row in night.table()["rows"]))


def _firsts(night: Night) -> set[str]:
    return {done.first for done in night.done() if done.kind == "duplicate"}


def _contents(night: Night) -> set[str]:
    return {manifest.sha256 for manifest in night.manifests()}


def _content_of(night: Night, name: str) -> str:
    return next((m.sha256 for m in night.manifests() if m.source.name == name), "")


def _videos_of_table(night: Night) -> list[str]:
    return sorted(row["video"] for row in _rows(night, "done"))


def _videos_of_files(night: Night) -> list[str]:
    return sorted(
        item.name
        for item in night.dest.list()
        if item.name.endswith(".mp4") and not item.name.startswith(INDEX)
    )


def _held(night: Night) -> list[str]:
    held = []
    for item in night.dest.list(shelf("leases")):
        found = night.dest.read(item.name)
        if found is not None and not json.loads(found[0])["released"]:
            held.append(item.name)
    return held


def _account(night: Night, checks: dict[str, tuple[Any, Any]]) -> list[str]:
    """Print what is there beside what must be, the batch's table and who held the leases; what differs."""
    table = night.table()
    shown = Table(
        "recording",
        "state",
        "took s",
        "worker",
        "turn",
        "taken over from",
        "note",
        title=f"batch {table['batch']}",
    )
    for row in table["rows"]:
        took = "" if row["seconds"] is None else f"{row['seconds']:.1f}"
        over = ", ".join(row["taken_over_from"])
        shown.add_row(row["name"], row["state"], took, row["holder"], str(row["turn"]), over, row["note"])
    console.print(shown)
    found = Table("", "is", "must be")
    faults = []
    for what, (is_, must) in checks.items():
        good = is_ == must
        found.add_row(f"[{'green' if good else 'red'}]{what}[/]", _short(is_), "" if good else _short(must))
        if not good:
            faults.append(f"{what}: {is_} instead of {must}")
    console.print(found)
    return faults


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) < 70 else f"{text[:66]} ..."


def say(text: str) -> None:
    """A line with the time."""
    console.print(f"{datetime.now():%H:%M:%S} {text}", highlight=False)  # noqa: DTZ005  # for the eye


if __name__ == "__main__":
    sys.exit(main())
