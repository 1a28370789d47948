"""OpenAI's language models, by ``responses.parse``."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel

from cutdown.director.llm.model import (
    Form,
    Prompt,
    ServiceModel,
    WrongAnswerError,
    body_of,
    filled,
    require_whole,
)
from cutdown.services.used import Used


class OpenAIModel(ServiceModel):
    """Asks OpenAI; nothing that is sent is stored there."""

    provider: ClassVar[str] = "openai"

    async def send(self, client: Any, prompt: Prompt, form: type[BaseModel], most_tokens: int) -> Any:
        """The raw answer; see `ServiceModel.send`."""
        return await client.responses.with_raw_response.parse(
            model=self._model,
            instructions=prompt.stable,
            input=[
                {
                    "role": "user",
                    "content": [
                        {"type": "input_text", "text": prompt.shared},
                        {"type": "input_text", "text": prompt.fresh},
                    ],
                }
            ],
            text_format=form,
            max_output_tokens=most_tokens,
            store=False,
        )

    def used(self, raw: Any) -> Used:
        """OpenAI counts cached tokens among those of the prompt."""
        usage = body_of(raw)["usage"]
        return Used(
            prompt_tokens=usage["input_tokens"],
            cached_tokens=(usage.get("input_tokens_details") or {}).get("cached_tokens") or 0,
            completion_tokens=usage["output_tokens"],
        )

    def read(self, raw: Any, form: type[Form]) -> Form:
        """The answer in its form; see `ServiceModel.read`.

        Read from the JSON itself: the SDK's own parser warns, with the answer's text, of fields that are not as it
        knows them.
        """
        body = body_of(raw)
        require_whole(str(body.get("status")), "completed")
        messages = [item for item in body["output"] if item["type"] == "message"]
        parts = [part for message in messages for part in message["content"]]
        if any(part["type"] == "refusal" for part in parts):
            raise WrongAnswerError("the model declined to answer")
        return filled(form, "".join(part["text"] for part in parts if part["type"] == "output_text"))
