"""The set-up of docs/team.md: Prefect's server on PostgreSQL, behind a password."""

from __future__ import annotations

from pathlib import Path

import httpx
from postgres_kit import postgres
from prefect_kit import Server, environment, free_port, running, verb

from cutdown.plan import EditPlan

AUTH = ("team", "a password for the test")


def test_a_server_on_postgres_behind_a_password(small_talk: Path, tmp_path: Path) -> None:
    with postgres() as database:
        port = free_port()
        server = Server(port, tmp_path / "state", auth=AUTH)
        auth = ":".join(AUTH)
        of_the_server = environment(
            server.home,
            PREFECT_API_DATABASE_CONNECTION_URL=database.url,
            PREFECT_SERVER_API_AUTH_STRING=auth,
        )
        of_a_worker = environment(tmp_path / "worker", server.api, PREFECT_API_AUTH_STRING=auth)
        log = tmp_path / "server.log"
        with running(log, of_the_server, "server", "--port", str(port)) as process:
            server.wait_until_it_answers(process, log)
            assert httpx.post(f"{server.api}/flow_runs/filter", json={}).status_code == 401
            locked_out = verb(environment(tmp_path / "worker", server.api), "deploy")
            assert locked_out.returncode == 2
            assert "PREFECT_API_AUTH_STRING" in locked_out.stderr

            for _ in range(2):
                done = verb(of_a_worker, "deploy")
                assert done.returncode == 0, done.stdout + done.stderr
            names = [deployment["name"] for deployment in server.everything_declared()["deployments"]]
            assert len(names) == len(set(names))
            assert "optimize-video" in names

            with running(tmp_path / "worker.log", of_a_worker, "worker"):
                run = server.start(
                    "optimize-video/optimize-video",
                    source=str(small_talk),
                    out=str(tmp_path / "out"),
                    dry_run=True,
                    options={"speech": {"whisper_model": "tiny.en"}},
                )
                server.wait(run, "Completed")
            assert EditPlan.read(tmp_path / "out" / "plan.json").actions
            assert database.run("pg_dump", "-Fc", "prefect").stdout.startswith(b"PGDMP")
        server.close()
        assert database.url not in log.read_text()
