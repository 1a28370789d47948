"""A profile: options saved under a name, so that a schedule or a colleague uses the same ones."""

from __future__ import annotations

from typing import ClassVar

from prefect.blocks.core import Block
from pydantic import Field

from cutdown.errors import UsageError
from cutdown.settings import DirectorOptions, OptimizeOptions, RenderOptions, SpeechOptions, VoiceOptions


class Profile(Block):
    """Options for videos of one kind, such as a weekly lecture."""

    _block_type_name: ClassVar[str] = "Cutdown Profile"
    _block_type_slug: ClassVar[str] = "cutdown-profile"
    _description: ClassVar[str] = "Options for one kind of recording, used by name."

    speech: SpeechOptions = Field(default_factory=SpeechOptions, title="Speech")
    director: DirectorOptions = Field(default_factory=DirectorOptions, title="Director")
    voice: VoiceOptions = Field(default_factory=VoiceOptions, title="Voice")
    render: RenderOptions = Field(default_factory=RenderOptions, title="Render")

    def options(self) -> OptimizeOptions:
        """The options it holds."""
        return OptimizeOptions(
            speech=self.speech, director=self.director, voice=self.voice, render=self.render
        )


def options_of_profile(name: str) -> OptimizeOptions:
    """The options saved under a name.

    Raises:
        UsageError: when no profile has that name.
    """
    try:
        profile = Profile.load(name)
    except ValueError as error:
        raise UsageError(
            f"no profile is saved as 'cutdown-profile/{name}'; save one in Prefect's UI under Blocks, or leave the profile out"
        ) from error
    if not isinstance(profile, Profile):
        raise UsageError(f"'cutdown-profile/{name}' can only be loaded outside an event loop")
    return profile.options()
