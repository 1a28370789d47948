"""A bucket's prefix as a place: any service that speaks S3 and honours conditions."""

from __future__ import annotations

import contextlib
import mimetypes
import shutil
import uuid
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, Final

from cutdown.errors import StorageError, UsageError
from cutdown.files import hash_file, make_lasting, unfinished_beside
from cutdown.storage.access import BucketAccess
from cutdown.storage.client import PATIENCE, STALLED, Client
from cutdown.storage.faults import RefusedError
from cutdown.storage.fetching import Fetch, changed
from cutdown.storage.names import checked, is_name
from cutdown.storage.place import Change, Item, SourceChangedError, Unfinished
from cutdown.storage.sending import Sending

_SHA256: Final = "sha256"
_WRITER: Final = "written-by"


class S3Place:
    """A prefix of a bucket.

    May be used from several threads, and in processes that are forked or spawned. Progress is told from another
    thread than the caller's; who is told must not use the place there.

    Args:
        bucket: its name.
        prefix: where the place's names begin; empty for the whole bucket.
        access: how the bucket is reached.
        patience: seconds of pauses in a row before a service in trouble is given up.
        stalled: seconds without a byte after which a connection counts as dead.
    """

    def __init__(
        self,
        bucket: str,
        prefix: str,
        access: BucketAccess,
        *,
        patience: float = PATIENCE,
        stalled: float = STALLED,
    ) -> None:
        self.bucket = bucket
        self.prefix = prefix.strip("/")
        self.url = f"s3://{bucket}/{self.prefix}".rstrip("/")
        self.client = Client(bucket, access, patience=patience, stalled=stalled)
        self._before = f"{self.prefix}/" if self.prefix else ""

    def list(self, prefix: str = "") -> Iterator[Item]:
        """Objects whose names begin with a prefix, a thousand at a request.

        Keys that are no names of files (ending in ``/``, with ``..`` or an empty part) are left out. All pages are
        read first, since not every service lists by name.
        """
        found: list[Item] = []
        more: dict[str, Any] = {}
        while True:
            page = self._page(prefix, more)
            for entry in page.get("Contents", ()):
                name = entry["Key"][len(self._before) :]
                if is_name(name):
                    found.append(
                        Item(
                            name=name,
                            size=entry["Size"],
                            modified=entry["LastModified"],
                            tag=_bare(entry["ETag"]),
                        )
                    )
            if not page.get("IsTruncated"):
                break
            more = {"ContinuationToken": page["NextContinuationToken"]}
        yield from sorted(found, key=lambda item: item.name)

    def _page(self, prefix: str, more: dict[str, Any]) -> Any:
        return self._ask(
            f"listing {self.url}",
            lambda s3: s3.list_objects_v2(Bucket=self.bucket, Prefix=self._before + prefix, **more),
        )

    def look(self, name: str) -> Item | None:
        """A file as it is now; None where there is none."""
        head = self._head(name)
        return _item(name, head) if head else None

    def fetch(self, item: Item, target: Path, on_bytes: Change | None = None) -> str:
        """Copy an object here. See `Place.fetch`.

        Raises:
            SourceChangedError: it is another object by now.
            StorageError: it cannot be fetched, or its bytes are not those that were published.
            UsageError: there is no room for it.
        """
        head = self._head(item.name)
        if head is None or _bare(head["ETag"]) != item.tag or head["ContentLength"] != item.size:
            raise changed(item, self.bucket)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            if (free := shutil.disk_usage(target.parent).free) < item.size:
                raise UsageError(
                    f"'{target.parent}' has {free / 1e9:.1f} GB free, and {item.name} needs {item.size / 1e9:.1f} GB; make room"
                )
            with unfinished_beside(target) as temporary:
                with temporary.open("rb+") as file:
                    fetch = Fetch(self.client, self._key(item.name), item, file.fileno(), on_bytes)
                    self.client.run(fetch.run)
                sha256 = hash_file(temporary)
                if head["Metadata"].get(_SHA256, sha256) != sha256:
                    raise StorageError(
                        f"{self.url}/{item.name}: its bytes are not those that were published", retryable=True
                    )
                make_lasting(temporary)
                temporary.replace(target)
        except OSError as error:
            raise UsageError(
                f"cannot write '{target}': {error.strerror}; make room or choose another folder"
            ) from error
        return sha256

    def publish(
        self, source: Path, name: str, *, sha256: str | None = None, on_bytes: Change | None = None
    ) -> Item:
        """Put a file there under a name. See `Place.publish`; its SHA-256 goes along as metadata.

        Raises:
            StorageError: it cannot be sent, or is not there as it was sent.
            UsageError: the file cannot be read.
            SourceChangedError: the file was changed meanwhile.
        """
        try:
            before = source.stat()
            sha256 = sha256 or hash_file(source)
            self._send(source, name, before.st_size, sha256, on_bytes)
            after = source.stat()
        except OSError as error:
            raise UsageError(f"cannot read '{source}': {error.strerror}; check the path") from error
        head = self._head(name)
        if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
            raise SourceChangedError(f"'{source}' changed while it was published to {self.url}/{name}")
        if head is None or (head["ContentLength"], head["Metadata"].get(_SHA256)) != (
            before.st_size,
            sha256,
        ):
            raise StorageError(
                f"{self.url}/{name}: what is there now is not what was sent; somebody else writes it too",
                retryable=True,
            )
        return _item(name, head)

    def _send(self, source: Path, name: str, size: int, sha256: str, on_bytes: Change | None) -> None:
        about = {
            "Metadata": {_SHA256: sha256},
            "ContentType": mimetypes.guess_type(name)[0] or "application/octet-stream",
        }
        self.client.run(Sending(self.client, self._key(name), source, size, about, on_bytes).run)

    def read(self, name: str) -> tuple[bytes, str] | None:
        """A small file's bytes and tag; None where there is none."""
        key = self._key(name)

        async def whole(s3: Any) -> tuple[bytes, str]:
            answer = await s3.get_object(Bucket=self.bucket, Key=key)
            async with answer["Body"] as body:
                return await body.read(), _bare(answer["ETag"])

        try:
            return self.client.call(f"reading {self.url}/{name}", whole)
        except RefusedError:
            return None

    def create(self, name: str, data: bytes) -> str | None:
        """Write a small file that must not exist yet; its tag, or None where it exists."""
        return self._write(name, data, IfNoneMatch="*")

    def replace(self, name: str, data: bytes, tag: str) -> str | None:
        """Write a small file over the one with this tag; its new tag, or None where it has changed or is gone."""
        return self._write(name, data, IfMatch=_quoted(tag))

    def delete(self, name: str, tag: str | None = None) -> bool:
        """Remove a file, where given only the one with this tag; whether it was removed."""
        now = self._head(name)  # a service says yes to the removal of what is not there
        if now is None or (tag is not None and _bare(now["ETag"]) != tag):
            return False
        condition = {} if tag is None else {"IfMatch": _quoted(tag)}
        try:
            self._ask(
                f"removing {self.url}/{name}",
                lambda s3: s3.delete_object(Bucket=self.bucket, Key=self._key(name), **condition),
            )
        except RefusedError as refused:
            return refused.unsure and self._head(name) is None
        return True

    def tags(self, name: str) -> dict[str, str]:
        """Labels that users put on an object; empty where there are none."""
        try:
            answer = self._ask(
                f"reading the tags of {self.url}/{name}",
                lambda s3: s3.get_object_tagging(Bucket=self.bucket, Key=self._key(name)),
            )
        except RefusedError:
            return {}
        return {tag["Key"]: tag["Value"] for tag in answer["TagSet"]}

    def unfinished(self) -> Iterator[Unfinished]:
        """Multi-part uploads that were neither completed nor aborted; S3 charges for their parts."""
        more: dict[str, Any] = {}
        while True:
            page = self._uploads(more)
            for upload in page.get("Uploads", ()):
                if upload["Key"].startswith(self._before):  # not every service minds the prefix
                    yield Unfinished(
                        name=upload["Key"][len(self._before) :],
                        begun=upload["Initiated"],
                        size=None,  # would take a request for each
                        handle=upload["UploadId"],
                    )
            if not page.get("IsTruncated"):
                return
            more = {"KeyMarker": page["NextKeyMarker"], "UploadIdMarker": page["NextUploadIdMarker"]}

    def drop(self, rest: Unfinished) -> None:
        """Abort an upload."""
        with contextlib.suppress(RefusedError):  # it has ended meanwhile
            self._ask(
                f"removing what is left of {self.url}/{rest.name}",
                lambda s3: s3.abort_multipart_upload(
                    Bucket=self.bucket, Key=self._before + rest.name, UploadId=rest.handle
                ),
            )

    def _uploads(self, more: dict[str, Any]) -> Any:
        return self._ask(
            f"listing uploads to {self.url}",
            lambda s3: s3.list_multipart_uploads(Bucket=self.bucket, Prefix=self._before, **more),
        )

    def _key(self, name: str) -> str:
        return self._before + checked(name)

    def _ask(self, what: str, send: Callable[[Any], Awaitable[Any]]) -> Any:
        return self.client.call(what, send)

    def _head(self, name: str) -> Any:
        key = self._key(name)
        try:
            return self._ask(
                f"looking at {self.url}/{name}", lambda s3: s3.head_object(Bucket=self.bucket, Key=key)
            )
        except RefusedError:
            return None

    def _write(self, name: str, data: bytes, **condition: str) -> str | None:
        writer = uuid.uuid4().hex  # tells our own write from another's when the answer to it was lost
        key = self._key(name)
        try:
            answer = self._ask(
                f"writing {self.url}/{name}",
                lambda s3: s3.put_object(
                    Bucket=self.bucket, Key=key, Body=data, Metadata={_WRITER: writer}, **condition
                ),
            )
        except RefusedError as refused:
            now = self._head(name) if refused.unsure else None
            return _bare(now["ETag"]) if now and now["Metadata"].get(_WRITER) == writer else None
        return _bare(answer["ETag"])


def _bare(tag: str) -> str:
    return tag.strip('"')


def _quoted(tag: str) -> str:
    return f'"{tag}"'


def _item(name: str, head: Any) -> Item:
    return Item(name=name, size=head["ContentLength"], modified=head["LastModified"], tag=_bare(head["ETag"]))
