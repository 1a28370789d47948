"""Each endpoint's own wire format."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from fake_services import sound
from fake_services.faults import Fault
from fake_services.wire import Billed, ModelRequest, error_of
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

if TYPE_CHECKING:
    from fake_services.server import FakeServices

Made = tuple[bytes, str, dict[str, str], Billed | None]
BIGGEST_UPLOAD: Final = 25 * 1024 * 1024
VOICES: Final = {
    "Rachel": "21m00Tcm4TlvDq8ikWAM",
    "Adam": "pNInz6obpgDQGcFmaJgB",
    "Mina": "EXAVITQu4vr4xnSDxMaL",
}
ROUTES: Final = (
    ("/openai/v1/responses", "POST", "openai.responses"),
    ("/openai/v1/chat/completions", "POST", "openai.chat"),
    ("/openai/v1/audio/transcriptions", "POST", "openai.transcription"),
    ("/openai/v1/audio/speech", "POST", "openai.speech"),
    ("/anthropic/v1/messages", "POST", "anthropic.messages"),
    ("/elevenlabs/v1/text-to-speech/{voice}/with-timestamps", "POST", "elevenlabs.speech"),
    ("/elevenlabs/v1/voices", "GET", "elevenlabs.voices"),
)


async def read_body(request: Request) -> dict[str, Any]:
    """JSON, or the fields of a form with the upload's bytes."""
    if request.method == "GET":
        return {}
    if request.headers.get("content-type", "").startswith("multipart/"):
        async with request.form(max_part_size=64 * 1024 * 1024) as form:
            fields: dict[str, Any] = {}
            for name, value in form.multi_items():
                if isinstance(value, str):
                    fields.setdefault(name, []).append(value)
                else:
                    fields["_upload"] = await value.read()
                    fields["file_size"] = len(fields["_upload"])
            return {name: v[0] if isinstance(v, list) and len(v) == 1 else v for name, v in fields.items()}
    body: dict[str, Any] = await request.json()
    return body


def _tokens(text: str) -> int:
    return -(-len(text) // 4)


def _thought(fake: FakeServices, request: ModelRequest, fault: Fault | None) -> str:
    if fault is Fault.WRONG_SCHEMA:
        return '{"something": "else"}'
    answer = fake.brain(request)
    text = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
    return text[: len(text) // 2] if fault is Fault.TRUNCATED else text


def _cached(fake: FakeServices, whole: str) -> int:
    """Tokens of the longest beginning that an earlier prompt shared, in blocks of 128 from 1,024 on."""
    best = 0
    for earlier in fake.prompts:
        same = next(
            (i for i, (a, b) in enumerate(zip(earlier, whole, strict=False)) if a != b),
            min(len(earlier), len(whole)),
        )
        best = max(best, same // 4)
    fake.prompts.append(whole)
    return best // 128 * 128 if best >= 1024 else 0


def _responses(
    fake: FakeServices, body: dict[str, Any], _upload: bytes, fault: Fault | None, _request: Request
) -> Made:
    form = body["text"]["format"]
    asked = ModelRequest(
        "openai",
        body["model"],
        body.get("instructions") or "",
        _texts(body["input"]),
        form["name"],
        form["schema"],
        body,
    )
    text = _thought(fake, asked, fault)
    prompt = asked.system + asked.user
    cached = _cached(fake, prompt)
    billed = Billed("openai", body["model"], _tokens(prompt), cached, _tokens(text))
    cut = fault is Fault.TRUNCATED
    answer = {
        "id": "resp_fake", "object": "response", "created_at": 0, "model": body["model"], "error": None, "metadata": {},
        "status": "incomplete" if cut else "completed",
        "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
        "instructions": None, "parallel_tool_calls": True, "tool_choice": "auto", "tools": [], "temperature": 1, "top_p": 1,
        "output": [
            {"type": "message", "id": "msg_fake", "status": "completed", "role": "assistant",
             "content": [{"type": "output_text", "text": text, "annotations": []}]}
        ],
        "usage": {
            "input_tokens": billed.input_tokens, "input_tokens_details": {"cached_tokens": cached},
            "output_tokens": billed.output_tokens, "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": billed.input_tokens + billed.output_tokens,
        },
    }  # fmt: skip
    return _json(answer), "application/json", {}, billed


def _chat(
    fake: FakeServices, body: dict[str, Any], _upload: bytes, fault: Fault | None, _request: Request
) -> Made:
    form = body["response_format"]["json_schema"]
    system = "\n".join(m["content"] for m in body["messages"] if m["role"] == "system")
    user = _texts([m for m in body["messages"] if m["role"] != "system"])
    asked = ModelRequest("openai", body["model"], system, user, form["name"], form["schema"], body)
    text = _thought(fake, asked, fault)
    billed = Billed("openai", body["model"], _tokens(system + user), 0, _tokens(text))
    answer = {
        "id": "chatcmpl-fake", "object": "chat.completion", "created": 0, "model": body["model"],
        "choices": [
            {"index": 0, "finish_reason": "length" if fault is Fault.TRUNCATED else "stop", "logprobs": None,
             "message": {"role": "assistant", "content": text, "refusal": None}}
        ],
        "usage": {
            "prompt_tokens": billed.input_tokens, "completion_tokens": billed.output_tokens,
            "total_tokens": billed.input_tokens + billed.output_tokens,
        },
    }  # fmt: skip
    return _json(answer), "application/json", {}, billed


def _messages(
    fake: FakeServices, body: dict[str, Any], _upload: bytes, fault: Fault | None, _request: Request
) -> Made:
    schema = body["output_config"]["format"]["schema"]
    system = body.get("system") or ""
    blocks = [system] if isinstance(system, str) else [block["text"] for block in system]
    asked = ModelRequest(
        "anthropic",
        body["model"],
        "\n".join(blocks),
        _texts(body["messages"]),
        str(schema.get("title", "")),
        schema,
        body,
    )
    text = _thought(fake, asked, fault)
    prompt = asked.system + asked.user
    marked = "cache_control" in json.dumps(body)
    cached = _cached(fake, prompt) if marked else 0
    billed = Billed("anthropic", body["model"], _tokens(prompt), cached, _tokens(text))
    answer = {
        "id": "msg_fake", "type": "message", "role": "assistant", "model": body["model"],
        "content": [{"type": "text", "text": text}],
        "stop_reason": "max_tokens" if fault is Fault.TRUNCATED else "end_turn", "stop_sequence": None,
        "usage": {
            "input_tokens": billed.input_tokens - cached, "cache_read_input_tokens": cached,
            "cache_creation_input_tokens": 0, "output_tokens": billed.output_tokens,
        },
    }  # fmt: skip
    return _json(answer), "application/json", {"request-id": "req_fake"}, billed


def _transcription(
    fake: FakeServices, body: dict[str, Any], upload: bytes, fault: Fault | None, _request: Request
) -> Made | Response:
    if len(upload) > BIGGEST_UPLOAD:
        status, told, headers = error_of("openai", Fault.BAD_REQUEST)
        return JSONResponse(told, 413, headers)
    model = body["model"]
    verbose = body.get("response_format") == "verbose_json"
    if verbose and model != "whisper-1":
        status, told, headers = error_of("openai", Fault.BAD_REQUEST)
        return JSONResponse(told, status, headers)
    heard = dict(fake.ears(upload))
    if fault is Fault.TRUNCATED:
        heard["text"], heard["words"] = (
            heard["text"][: len(heard["text"]) // 2],
            heard["words"][: len(heard["words"]) // 2],
        )
    if fault is Fault.WRONG_SCHEMA:
        return (
            _json({"transcript": "something else"}),
            "application/json",
            {},
            Billed("openai", model, audio_seconds=heard["duration"]),
        )
    if model == "whisper-1":
        billed = Billed("openai", model, audio_seconds=float(heard["duration"]))
        usage: dict[str, Any] = {"type": "duration", "seconds": heard["duration"]}
        answer = {"task": "transcribe", "language": "english", **heard, "usage": usage}
    else:
        sound_tokens, written = round(heard["duration"] * 10), _tokens(heard["text"])
        billed = Billed("openai", model, sound_tokens, 0, written, float(heard["duration"]))
        usage = {
            "type": "tokens", "input_tokens": sound_tokens, "output_tokens": written, "total_tokens": sound_tokens + written,
            "input_token_details": {"audio_tokens": sound_tokens, "text_tokens": 0},
        }  # fmt: skip
        answer = {"text": heard["text"], "usage": usage}
    return _json(answer), "application/json", {}, billed


def _speech(
    fake: FakeServices, body: dict[str, Any], _upload: bytes, fault: Fault | None, _request: Request
) -> Made:
    del fake
    text, model = body["input"], body["model"]
    content = (
        sound.as_wav(sound.spoken(text))
        if body.get("response_format") == "wav"
        else sound.as_mp3(sound.spoken(text))
    )
    content = _spoilt(content, fault)
    if body.get("stream_format") == "sse":
        written = len(content) // 1000
        billed = Billed("openai", model, _tokens(text), 0, written)
        usage = {
            "input_tokens": _tokens(text),
            "output_tokens": written,
            "total_tokens": _tokens(text) + written,
        }
        events = [
            {"type": "speech.audio.delta", "audio": base64.b64encode(content).decode()},
            {"type": "speech.audio.done", "usage": usage},
        ]
        stream = "".join(f"data: {json.dumps(event)}\n\n" for event in events)
        return stream.encode(), "text/event-stream", {}, billed
    return content, "audio/wav", {}, Billed("openai", model, characters=len(text))


def _spoilt(content: bytes, fault: Fault | None) -> bytes:
    match fault:
        case Fault.EMPTY_AUDIO:
            return b""
        case Fault.WRONG_AUDIO | Fault.WRONG_SCHEMA:
            return b"\x89PNG\r\n\x1a\n" + b"\0" * 400
        case Fault.TRUNCATED:
            return content[: len(content) // 2]
    return content


def _with_timestamps(
    fake: FakeServices, body: dict[str, Any], _upload: bytes, fault: Fault | None, request: Request
) -> Made | Response:
    del fake
    voice = request.path_params["voice"]
    if voice not in VOICES.values():
        return JSONResponse(
            {"detail": {"status": "voice_not_found", "message": "A voice was not found."}}, 404
        )
    text = body["text"]
    samples = sound.spoken(text)
    seconds = len(samples) / sound.RATE
    step = seconds / len(text)
    answer: dict[str, Any] = {
        "audio_base64": base64.b64encode(_spoilt(sound.as_mp3(samples), fault)).decode(),
        "alignment": {
            "characters": list(text),
            "character_start_times_seconds": [round(i * step, 3) for i in range(len(text))],
            "character_end_times_seconds": [round((i + 1) * step, 3) for i in range(len(text))],
        },
        "normalized_alignment": None,
    }
    if fault is Fault.WRONG_SCHEMA:
        answer = {"audio": "elsewhere"}
    headers = {"character-cost": str(len(text)), "request-id": f"req_{abs(hash(text)) % 10**8}"}
    return (
        _json(answer),
        "application/json",
        headers,
        Billed("elevenlabs", body["model_id"], characters=len(text)),
    )


def _voices(*_: Any) -> Made:
    listed = [{"voice_id": known, "name": name} for name, known in VOICES.items()]
    return _json({"voices": listed}), "application/json", {}, None


def _json(answer: dict[str, Any]) -> bytes:
    return json.dumps(answer, ensure_ascii=False).encode()


def _texts(messages: str | list[dict[str, Any]]) -> str:
    if isinstance(messages, str):
        return messages
    found = []
    for message in messages:
        content = message["content"]
        found += [content] if isinstance(content, str) else [block["text"] for block in content]
    return "\n".join(found)


ANSWERS: Final[dict[str, Callable[..., Made | Response]]] = {
    "openai.responses": _responses,
    "openai.chat": _chat,
    "openai.transcription": _transcription,
    "openai.speech": _speech,
    "anthropic.messages": _messages,
    "elevenlabs.speech": _with_timestamps,
    "elevenlabs.voices": _voices,
}
