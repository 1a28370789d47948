"""OpenAI's language models, by ``responses.parse``."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, ValidationError

from cutdown.director.llm.model import (
    Form,
    Prompt,
    ServiceModel,
    WrongAnswerError,
    body_of,
    require_whole,
    unreadable,
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
        """The answer in its form; see `ServiceModel.read`."""
        require_whole(str(body_of(raw).get("status")), "completed")
        try:
            parsed = raw.parse().output_parsed
        except ValidationError as error:
            raise WrongAnswerError(fault_of(error)) from None
        except (AttributeError, TypeError, KeyError):
            raise unreadable("OpenAI") from None
        if not isinstance(parsed, form):
            raise WrongAnswerError("the model declined to answer")
        return parsed


def fault_of(error: ValidationError) -> str:
    """The first fault of an answer's form, without what the answer said."""
    fault = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in fault["loc"])
    return f"{place}: {fault['msg']}" if place else "the answer is not the JSON object that was asked for"
