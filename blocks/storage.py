"""Keys of buckets as blocks: named after the bucket, or one for all."""

from __future__ import annotations

from typing import ClassVar

from prefect.blocks.core import Block
from pydantic import Field, SecretStr

from blocks.providers import NAME
from cutdown.storage.access import Addressing, BucketAccess


class CutdownBucket(Block):
    """Reach a bucket of Amazon S3, or of any service that speaks its protocol."""

    _block_type_name: ClassVar[str] = "Cutdown Bucket"
    _block_type_slug: ClassVar[str] = "cutdown-bucket"
    _description: ClassVar[str] = (
        "Endpoint and keys of the buckets that recordings come from and results go to."
    )

    key_id: str = Field(
        default="",
        title="Access key ID",
        description="Empty for the profile or the role of the machine that runs the flow",
    )
    secret_key: SecretStr | None = Field(
        default=None,
        title="Secret access key",
        description="It is stored encrypted and never shown again",
    )
    session_token: SecretStr | None = Field(
        default=None, title="Session token", description="Only with keys that are lent for some hours"
    )
    endpoint: str = Field(
        default="",
        title="Endpoint",
        description="Only where it is not Amazon's own, such as https://s3.example.com",
    )
    region: str = Field(
        default="", title="Region", description="Such as eu-central-1; empty for the usual one"
    )
    addressing: Addressing = Field(
        default="auto",
        title="Addressing",
        description="path: the bucket in the path; virtual: in the host name; auto: in the path at an endpoint of one's own",
    )

    def access(self) -> BucketAccess:
        """What the engine needs to reach the bucket."""
        return BucketAccess(
            key_id=self.key_id,
            secret=self.secret_key,
            token=self.session_token,
            endpoint=self.endpoint.rstrip("/"),
            region=self.region,
            addressing=self.addressing,
        )


class BucketSource:
    """Access that is kept in blocks; see `cutdown.sources.Source`."""

    def find(self, bucket: str, /) -> BucketAccess | None:
        """The access of the bucket's own block, else of the one for all buckets; None where neither is saved."""
        for name in (bucket, NAME):
            try:
                block = CutdownBucket.load(name, _sync=True)  # type: ignore[call-arg]  # Prefect's decorator takes it
            except ValueError:
                continue
            assert isinstance(block, CutdownBucket)
            return block.access()
        return None

    def place(self, bucket: str, /) -> str:
        """The blocks' names."""
        slug = CutdownBucket.get_block_type_slug()
        return f"the block '{slug}/{bucket}', then '{slug}/{NAME}'"
