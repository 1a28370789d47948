"""Two machines with one bucket: what the first has done the second finds, with keys from a block alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import SecretStr
from s3_kit import KEY, SECRET, S3Server

from cutdown.demo import make_demo
from cutdown.errors import MissingKeyError
from cutdown.job import Outcome
from cutdown.settings import OptimizeOptions, RenderOptions, SpeechOptions


@pytest.fixture(autouse=True)
def no_keys_around(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in tuple(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def keys_in_a_block(s3: S3Server, bucket: str, prefect_server: None, monkeypatch: pytest.MonkeyPatch) -> str:
    """A bucket whose keys only Prefect knows."""
    from blocks import CutdownBucket

    block = CutdownBucket(key_id=KEY, secret_key=SecretStr(SECRET), endpoint=s3.endpoint, region="us-east-1")
    block.save(bucket, overwrite=True, _sync=True)
    monkeypatch.setenv("CUTDOWN_STORE", f"s3://{bucket}/store")
    return bucket


def run(recording: Path, out: Path) -> Outcome:
    from flows.optimize import optimize_video

    options = OptimizeOptions(
        speech=SpeechOptions(whisper_model="tiny.en"), render=RenderOptions(preset="ultrafast")
    )
    outcome = optimize_video(source=recording, out=out, options=options)
    assert isinstance(outcome, Outcome)
    return outcome


def test_a_second_machine_does_nothing_again(
    state: Path, keys_in_a_block: str, s3: S3Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from prefect.settings import PREFECT_RESULTS_LOCAL_STORAGE_PATH, temporary_settings

    recording = tmp_path / "talk.mp4"
    make_demo(recording)
    first = run(recording, tmp_path / "first")
    assert not any(phase.cached for phase in first.phases)
    shared = {item.name.split("/")[0] for item in s3.place(keys_in_a_block, "store").list()}
    assert shared == {"files", "keys"}

    monkeypatch.setenv("CUTDOWN_HOME", str(tmp_path / "other machine"))
    with temporary_settings({PREFECT_RESULTS_LOCAL_STORAGE_PATH: tmp_path / "other machine" / "results"}):
        second = run(recording, tmp_path / "second")
    assert second.everything_cached()
    assert (tmp_path / "second" / "talk.mp4").read_bytes() == (tmp_path / "first" / "talk.mp4").read_bytes()
    assert (tmp_path / "second" / "captions.srt").read_text() == (
        tmp_path / "first" / "captions.srt"
    ).read_text()
    assert all(SECRET.encode() not in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_a_bucket_without_keys_names_the_blocks_too(prefect_server: None) -> None:
    from blocks.storage import BucketSource
    from cutdown.storage import open_place
    from cutdown.storage.access import buckets_reached_through

    with buckets_reached_through(BucketSource()):
        place = open_place("s3://talks/in")
        with pytest.raises(
            MissingKeyError, match=r"'cutdown-bucket/talks', then 'cutdown-bucket/cutdown'; then AWS_"
        ):
            place.look("talk.mp4")
