"""A profile: options saved under a name, so that a schedule or a colleague uses the same ones."""

from __future__ import annotations

from typing import ClassVar

from prefect.blocks.core import Block
from pydantic import Field

from cutdown.errors import UsageError
from cutdown.profiles import profile_named, ready_profiles
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
    """The options saved under a name, else those of the ready-made profile of that name.

    Raises:
        UsageError: when no profile has that name.
    """
    try:
        profile = Profile.load(name, _sync=True)  # type: ignore[call-arg]  # Prefect's decorator takes it
    except ValueError as error:
        if name in ready_profiles():
            return profile_named(name)
        raise UsageError(
            f"no profile is saved as 'cutdown-profile/{name}', and none is shipped under that name; save one in Prefect's "
            f"UI under Blocks, or choose from {', '.join(sorted(ready_profiles()))}"
        ) from error
    assert isinstance(profile, Profile)
    return profile.options()
