"""``python -m benchmarks.tokens ACTS``: what a language model reads of a half-hour talk, in real tokens, and what that costs.

ACTS is a file of dialogue acts as in the AMI corpus: tab-separated id, start s, end s, speaker, role, type,
label, links, text. Tokens are counted with GPT-2's byte pairs, which come with the installed Whisper tiny.en; newer
tokenizers need fewer, for digits above all.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

from rich.console import Console
from rich.table import Table
from tokenizers import Tokenizer

from benchmarks.acts import as_heard, parse_acts
from cutdown.director.llm.director import first_prompts
from cutdown.recording import AudioTrack, Recording
from cutdown.services.prices import PriceBook
from cutdown.services.used import Used
from cutdown.settings import DirectorOptions
from cutdown.signals import Signals
from cutdown.speech.weights import unpacked
from cutdown.transcript import Transcript

_WRITTEN_SHARE = 0.5  # tokens that a model writes for each token of transcript, by the shipped expectations
_NARRATION_SHARE = 0.3  # of the transcript's characters that are spoken anew, likewise


def read_acts(path: Path, seconds: float) -> tuple[Transcript, Signals]:
    """The first ``seconds`` of a meeting as one listener hears it."""
    return as_heard(parse_acts(path.read_text(encoding="utf-8"), path.name), seconds)


def as_json(transcript: Transcript) -> list[dict[str, float | str]]:
    """The transcript as plain JSON segments have it."""
    return [
        {
            "start": float(transcript.words[part.first].start),
            "end": float(transcript.words[part.end - 1].end),
            "text": " ".join(word.text for word in transcript.words[part.first : part.end]),
        }
        for part in transcript.segments
    ]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("acts", type=Path)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--candidates", type=int, default=1, help="plans that the model makes to choose from")
    arguments = parser.parse_args()
    transcript, signals = read_acts(arguments.acts, arguments.minutes * 60)
    with unpacked("tiny.en") as folder:
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))

    def count(text: str) -> int:
        return len(tokenizer.encode(text, add_special_tokens=False).ids)

    recording = Recording(
        sha256="0" * 64,
        name=arguments.acts.name,
        size_bytes=1,
        container="wav",
        duration=transcript.duration,
        picture=None,
        audio=(
            AudioTrack(
                order=0, stream_index=0, codec="pcm", sample_rate=16000, channels=1, start=Fraction(0)
            ),
        ),
    )
    prompts = first_prompts(
        recording, transcript, signals, DirectorOptions(target_ratio=0.3, candidates=arguments.candidates)
    )
    compact = sum(count(prompt.fresh) for prompt in prompts)
    repeated = sum(count(prompt.stable) + count(prompt.shared) for prompt in prompts)
    print_table(arguments.minutes, transcript, len(prompts), compact, repeated, count, arguments.candidates)


def print_table(
    minutes: float,
    transcript: Transcript,
    requests: int,
    compact: int,
    repeated: int,
    count: Callable[[str], int],
    candidates: int,
) -> None:
    """All figures, with what they would cost."""
    segments = as_json(transcript)
    verbose = [
        {
            "id": number, "seek": 0, "tokens": [50364] * len(str(segment["text"]).split()), "temperature": 0.0,
            "avg_logprob": -0.2337, "compression_ratio": 1.612, "no_speech_prob": 0.0113, **segment,
        }
        for number, segment in enumerate(segments)
    ]  # fmt: skip
    words = [
        {"word": word.text, "start": float(word.start), "end": float(word.end)} for word in transcript.words
    ]
    bare = count(transcript.text())
    readings = candidates + (requests > candidates)
    table = Table(title=f"{minutes:g} minutes, {len(transcript.words)} words, {requests} requests")
    for heading in ("what is read", "tokens", "a minute", "ours against it"):
        table.add_column(heading, justify="left" if heading == "what is read" else "right")
    everything = compact + repeated
    for name, tokens, ours in (
        ("the words alone", bare, None),
        ("compact transcript, all readings", compact, None),
        ("all that is sent, instructions too", everything, None),
        ("JSON segments: start, end, text; once", count(json.dumps(segments)), compact / readings),
        ("JSON segments, as often as ours is read", readings * count(json.dumps(segments)), compact),
        ("OpenAI's verbose segments, once", count(json.dumps(verbose)), everything),
        (
            "OpenAI's segments and words, once",
            count(json.dumps(verbose)) + count(json.dumps(words)),
            everything,
        ),
    ):
        share = f"{ours / tokens:.0%}" if ours else ""
        table.add_row(name, f"{tokens:,}", f"{tokens / minutes:.0f}", share)
    console = Console(width=110)
    console.print(table)
    book = PriceBook.read()
    written = round(candidates * bare * _WRITTEN_SHARE)
    characters = round(len(transcript.text()) * _NARRATION_SHARE)
    for model in ("gpt-4o-mini", "gpt-4o"):
        cost = book.cost("openai", model, Used(prompt_tokens=everything, completion_tokens=written))
        console.print(
            f"director: {cost.arithmetic} = ${cost.usd:.4f}, ${cost.usd / minutes:.6f} a minute of video",
            highlight=False,
        )
    for voice in ("tts-1", "eleven_multilingual_v2"):
        cost = book.cost("", voice, Used(characters=characters))
        console.print(
            f"voice, all of it spoken anew at 30 %: {cost.arithmetic} = ${cost.usd:.4f}", highlight=False
        )


if __name__ == "__main__":
    main()
