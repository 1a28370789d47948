"""What is asked of a batch: which recordings, in which order, within which limits."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from typing import Annotated, Final, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, model_validator

from cutdown.errors import UsageError
from cutdown.services.terms import Terms
from cutdown.settings import OptimizeOptions
from cutdown.storage import open_place
from cutdown.store import hash_file, hash_key
from cutdown.timebase import Frozen

Order = Literal["oldest", "newest", "smallest", "largest", "name"]
Where = Literal["here", "workers"]

_RECORDINGS: Final = ".mp4,.mov,.mkv,.webm,.m4v,.avi,.wmv,.flv,.ts,.mp3,.m4a,.wav,.flac,.ogg"
_CLOCK: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"there is no time zone '{name}'; write one such as Europe/Berlin or UTC") from error
    return name


def _tag_pair(text: str) -> str:
    if text and not all("=" in pair for pair in text.split(",")):
        raise ValueError("write tags as NAME=VALUE, several separated by commas")
    return text


def address(text: str) -> str:
    """A place's one name: recordings are known by it, so `talks`, `file:///in/talks/` and the whole path must agree."""
    if "://" in text and not text.startswith("file://"):
        return text.rstrip("/")
    return open_place(text).url if text.strip() else text


Address = Annotated[str, AfterValidator(address)]


class Selection(Frozen):
    """Which recordings of the source are meant."""

    suffixes: str = Field(
        default=_RECORDINGS, description="Endings of recordings, separated by commas; others are passed over"
    )
    min_size_mb: float = Field(default=0, ge=0, description="Pass over smaller files (megabytes)")
    max_size_mb: float | None = Field(default=None, gt=0, description="Pass over larger files (megabytes)")
    min_age_minutes: float = Field(
        default=0, ge=0, description="Pass over files changed more recently: they may still be growing"
    )
    max_age_days: float | None = Field(default=None, gt=0, description="Pass over files changed longer ago")
    tags: Annotated[str, AfterValidator(_tag_pair)] = Field(
        default="",
        description="Only objects with these tags, as NAME=VALUE separated by commas; asks the bucket once for each candidate",
    )
    order: Order = Field(default="oldest", description="Which recordings come first")

    def wanted_suffixes(self) -> tuple[str, ...]:
        """The endings in small letters, each with its dot."""
        endings = (ending.strip().lower() for ending in self.suffixes.split(","))
        return tuple(f".{ending.lstrip('.')}" for ending in endings if ending)

    def wanted_tags(self) -> dict[str, str]:
        """The tags by name."""
        return dict(pair.strip().split("=", 1) for pair in self.tags.split(",") if pair)


class Limits(Frozen):
    """How much a batch may take, and where."""

    where: Where = Field(
        default="here",
        description="here: processes of this machine; workers: one run of the deployment for each recording, on whatever workers there are",
    )
    batch_budget: float | None = Field(
        default=None,
        ge=0,
        allow_inf_nan=False,
        description="Most US dollars for all recordings together; one that may not fit is not started",
    )
    stop_at: str | None = Field(
        default=None, description="Start no more recordings from this time on, such as 06:00"
    )
    time_zone: Annotated[str, AfterValidator(_known_zone)] = Field(
        default="UTC", description="Time zone of --stop-at, such as Europe/Berlin"
    )
    side_by_side: int | None = Field(
        default=None,
        ge=1,
        le=256,
        description="Recordings at once; found from this machine's cores, memory and earlier runs where not given",
    )
    tries: int = Field(
        default=3,
        ge=1,
        le=10,
        description="Times to try a recording whose failure may pass, or whose worker died",
    )
    retry_failed: bool = Field(
        default=False,
        description="Also try again what failed before for a reason that does not pass by itself",
    )
    lease_seconds: float = Field(
        default=120,
        ge=5,
        le=3600,
        description="After so long without a sign of life from its worker a recording is given to another",
    )

    @model_validator(mode="after")
    def _a_time_of_day(self) -> Self:
        if self.stop_at is not None and not _CLOCK.fullmatch(self.stop_at):
            raise ValueError(f"--stop-at '{self.stop_at}': write a time of day such as 06:00")
        return self

    def deadline(self, start: datetime) -> datetime | None:
        """The first ``stop_at`` after the start, in the start's own zone; None where there is none.

        Args:
            start: when the batch began, with its time zone.
        """
        if self.stop_at is None:
            return None
        zone = ZoneInfo(self.time_zone)
        local = start.astimezone(zone)
        moment = datetime.combine(local.date(), time.fromisoformat(self.stop_at), zone)
        if moment <= local:
            moment = datetime.combine(
                local.date() + timedelta(days=1), time.fromisoformat(self.stop_at), zone
            )
        return moment.astimezone(start.tzinfo)


class BatchWishes(Frozen):
    """A batch: from where, to where, which, how, and within which limits."""

    source: Address = Field(description="Folder or s3:// prefix with recordings")
    dest: Address = Field(description="Folder or s3:// prefix for the results; not the source itself")
    selection: Selection = Selection()
    limits: Limits = Limits()
    options: OptimizeOptions = OptimizeOptions()
    terms: Terms = Terms()

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if self.source == self.dest:
            raise ValueError("source and destination are the same; results need a place of their own")
        return self

    @property
    def own_results(self) -> str | None:
        """Where the destination lies inside the source, that part of its names; its files are no recordings."""
        source, dest = f"{self.source}/", f"{self.dest}/"
        return dest.removeprefix(source) if dest.startswith(source) else None


def options_key(options: OptimizeOptions) -> str:
    """What makes two results of the same recording different: every option, and the dictionary's content.

    Raises:
        UsageError: the pronunciation dictionary is not there.
    """
    dictionary = options.voice.pronunciation
    if dictionary is not None and not dictionary.is_file():
        raise UsageError(f"there is no pronunciation dictionary '{dictionary}'; check the path")
    voice = options.voice.model_copy(update={"pronunciation": None})
    plain = options.model_copy(update={"voice": voice}).model_dump(mode="json")
    return hash_key("options", plain, hash_file(dictionary) if dictionary else None)[:16]
