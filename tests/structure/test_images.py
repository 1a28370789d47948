"""The image and the cluster's files, checked without an engine: what they name is there, and fits together."""

from __future__ import annotations

import ast
import re
import shlex
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

ROOT: Final = Path(__file__).resolve().parents[2]
DOCKERFILE: Final = ROOT / "deployments" / "docker" / "Dockerfile"
UID: Final = 10001


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions: name and arguments, continued lines joined."""
    text = re.sub(r"^\s*#.*\n", "", DOCKERFILE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    lines = text.replace("\\\n", " ").splitlines()
    return [(line.split(None, 1)[0], line.split(None, 1)[1].strip()) for line in lines if line.strip()]


def arguments(name: str) -> list[str]:
    return [rest for instruction, rest in instructions() if instruction == name]


def copies() -> list[tuple[list[str], str]]:
    """Sources and target of every COPY."""
    found = []
    for rest in arguments("COPY"):
        *sources, target = shlex.split(rest)
        found.append((sources, target))
    return found


def variables() -> dict[str, str]:
    return dict(pair.split("=", 1) for rest in arguments("ENV") for pair in shlex.split(rest))


def pools() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(
        (ROOT / "deployments" / "pools.yaml").read_text(encoding="utf-8")
    )
    return content["pools"]


def test_every_file_that_is_copied_is_there_and_reaches_the_build() -> None:
    ignore = (DOCKERFILE.parent / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    let_in = {line.removeprefix("!") for line in ignore if line.startswith("!")}
    assert "*" in ignore
    sources = {source for part, _ in copies() for source in part}
    assert sources == let_in
    for source in sources:
        assert (ROOT / source).exists(), source


def test_its_programs_are_those_of_the_lock() -> None:
    assert any("uv sync --locked" in run for run in arguments("RUN"))
    (pinned,) = {found for run in arguments("RUN") for found in re.findall(r"uv==(\S+)", run)}
    assert f'"uv=={pinned}"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f"uv=={pinned}" in (ROOT / "run.sh").read_text(encoding="utf-8")
    assert arguments("FROM") == ["python:3.11-slim-bookworm"]  # no floating tag


def test_nobody_is_root_and_pods_run_as_the_same_user() -> None:
    assert any(f"--uid {UID}" in run for run in arguments("RUN"))
    assert arguments("USER") == ["cutdown"]
    pod = pools()["cutdown-kubernetes"]["configuration"]["job_manifest"]["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsUser"] == UID


def test_state_lies_where_the_pools_mount_it() -> None:
    home = variables()["CUTDOWN_HOME"]
    assert arguments("VOLUME") == [home]
    assert pools()["cutdown-docker"]["variables"]["volumes"] == [f"cutdown-state:{home}"]
    pod = pools()["cutdown-kubernetes"]["configuration"]["job_manifest"]["spec"]["template"]["spec"]
    (mount,) = pod["containers"][0]["volumeMounts"]
    assert mount["mountPath"] == home
    assert mount["name"] in {volume["name"] for volume in pod["volumes"]}


def test_a_run_in_a_container_is_set_up_like_one_beside_a_worker() -> None:
    """What `configure_prefect` sets, where it concerns a run and not a server."""
    tree = ast.parse((ROOT / "flows" / "local.py").read_text(encoding="utf-8"))
    (function,) = [node for node in ast.walk(tree) if getattr(node, "name", "") == "configure_prefect"]
    names = {node.value for node in ast.walk(function) if isinstance(node, ast.Constant)}
    for name in names:
        if re.fullmatch(r"(PREFECT_(?!SERVER_(UI|API|EPHEMERAL|CONCURRENCY))|DO_NOT)[A-Z_]+", str(name)):
            assert name in variables(), name


def test_the_copied_files_are_enough_to_load_every_flow(tmp_path: Path) -> None:
    """The image's folder, put together by its own list; the packages are those of this environment."""
    for sources, target in copies():
        for source in sources:
            place = tmp_path / target / (source if target.endswith("/") else "")
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, place, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / source, place)
    declared = yaml.safe_load((tmp_path / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
    modules = sorted({entry["entrypoint"].partition(".py:")[0].replace("/", ".") for entry in declared})
    code = (
        f"import importlib, sys; found = [importlib.import_module(name) for name in {modules!r}]; "
        "print(*sorted({m.__file__ for n, m in sys.modules.items() "
        "if n.split('.')[0] in ('flows', 'tasks', 'blocks', 'cutdown', 'benchmarks') and m.__file__}))"
    )
    path = f"{tmp_path}:{tmp_path / 'src'}"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": path, "HOME": str(tmp_path), "PREFECT_HOME": str(tmp_path / "prefect"), "PATH": "/usr/bin:/bin"},
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    files = done.stdout.split()
    assert files
    assert [file for file in files if not file.startswith(str(tmp_path))] == []


def cluster() -> list[dict[str, Any]]:
    text = (ROOT / "deployments" / "kubernetes" / "worker.yaml").read_text(encoding="utf-8")
    return list(yaml.safe_load_all(text))


def test_the_cluster_has_what_pool_and_worker_name() -> None:
    named = {(entry["kind"], entry["metadata"]["name"]) for entry in cluster()}
    variables = pools()["cutdown-kubernetes"]["variables"]
    assert ("Namespace", variables["namespace"]) in named
    assert ("ServiceAccount", variables["service_account_name"]) in named
    assert {entry["metadata"].get("namespace", variables["namespace"]) for entry in cluster()} == {
        variables["namespace"]
    }
    (worker,) = [entry for entry in cluster() if entry["kind"] == "Deployment"]
    pod = worker["spec"]["template"]["spec"]
    assert ("ServiceAccount", pod["serviceAccountName"]) in named
    (container,) = pod["containers"]
    command = container["command"]
    assert pools()[command[command.index("--pool") + 1]]["type"] == command[command.index("--type") + 1]
    locked = re.search(
        r'name = "prefect"\nversion = "([^"]+)"', (ROOT / "uv.lock").read_text(encoding="utf-8")
    )
    assert locked
    assert f":{locked[1]}-" in container["image"]
    assert (
        worker["spec"]["selector"]["matchLabels"].items()
        <= worker["spec"]["template"]["metadata"]["labels"].items()
    )


def test_a_worker_may_do_in_the_cluster_what_it_does_there() -> None:
    """It makes jobs and watches its own namespace; for the id of a run it asks which cluster this is."""
    (worker,) = [entry for entry in cluster() if entry["kind"] == "Deployment"]
    (container,) = worker["spec"]["template"]["spec"]["containers"]
    said = {variable["name"]: variable.get("value") for variable in container["env"]}
    assert (
        said["PREFECT_INTEGRATIONS_KUBERNETES_OBSERVER_NAMESPACES"]
        == pools()["cutdown-kubernetes"]["variables"]["namespace"]
    )
    account = {"kind": "ServiceAccount", "name": worker["spec"]["template"]["spec"]["serviceAccountName"]}
    bound = {
        (entry["roleRef"]["kind"], entry["roleRef"]["name"])
        for entry in cluster()
        if entry["kind"].endswith("Binding")
        for subject in entry["subjects"]
        if account.items() <= subject.items()
    }
    allowed = {
        (role["kind"], resource, *rule.get("resourceNames", ())): set(rule["verbs"])
        for role in cluster()
        if (role["kind"], role["metadata"]["name"]) in bound
        for rule in role["rules"]
        for resource in rule["resources"]
    }
    assert allowed["ClusterRole", "namespaces", "kube-system"] == {"get"}
    assert allowed["Role", "jobs"] >= {"get", "list", "watch", "create", "delete"}
    assert allowed["Role", "pods"] >= {"get", "list", "watch"}


@pytest.mark.parametrize(
    "path", sorted((ROOT / ".github" / "workflows").glob("*.yml")), ids=lambda path: path.name
)
def test_workflows_run_what_is_there(path: Path) -> None:
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    jobs = workflow["jobs"].values()
    steps = [step for job in jobs for step in job["steps"]]
    assert all(("run" in step) != ("uses" in step) for step in steps)
    commands = [word for step in steps if "run" in step for word in shlex.split(step["run"])]
    files = [word for word in commands if "/" in word and "=" not in word]
    assert ".ci/run" in files
    for file in files:
        assert (ROOT / file).stat().st_mode & 0o100, f"{file} is not there, or cannot be run"
    for pattern in re.findall(r"hashFiles\('([^']+)'\)", path.read_text(encoding="utf-8")):
        assert any(fnmatch(entry.name, pattern) for entry in ROOT.iterdir()), pattern
    assert all(re.search(r"@v\d+$", step["uses"]) for step in steps if "uses" in step)
    assert all(job["timeout-minutes"] for job in jobs)
