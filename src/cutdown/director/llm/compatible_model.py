"""Language models behind any server that speaks OpenAI's chat protocol, by ``chat.completions.parse``."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, ValidationError

from cutdown.director.llm.model import Form, Prompt, ServiceModel, WrongAnswerError, body_of, require_whole
from cutdown.director.llm.openai_model import fault_of
from cutdown.services.used import Used


class CompatibleModel(ServiceModel):
    """Asks a server of the user's choice, such as one on this machine."""

    provider: ClassVar[str] = "compatible"

    async def send(self, client: Any, prompt: Prompt, form: type[BaseModel], most_tokens: int) -> Any:
        """The raw answer; see `ServiceModel.send`."""
        return await client.chat.completions.with_raw_response.parse(
            model=self._model,
            messages=[
                {"role": "system", "content": prompt.stable},
                {"role": "user", "content": f"{prompt.shared}\n\n{prompt.fresh}"},
            ],
            response_format=form,
            max_tokens=most_tokens,
        )

    def used(self, raw: Any) -> Used:
        """As the server counts; not every one tells of its cache."""
        usage = body_of(raw)["usage"]
        return Used(
            prompt_tokens=usage["prompt_tokens"],
            cached_tokens=(usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0,
            completion_tokens=usage["completion_tokens"],
        )

    def read(self, raw: Any, form: type[Form]) -> Form:
        """The answer in its form; see `ServiceModel.read`.

        Read from the message itself: small servers give JSON that the SDK's own parser refuses as a whole.
        """
        choice = body_of(raw)["choices"][0]
        require_whole(str(choice.get("finish_reason")), "stop")
        try:
            return form.model_validate_json(choice["message"].get("content") or "")
        except ValidationError as error:
            raise WrongAnswerError(fault_of(error)) from None
