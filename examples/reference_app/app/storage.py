"""Object storage over S3, whoever serves it."""

from __future__ import annotations

import logging
from contextlib import AsyncExitStack
from typing import Any

from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.exceptions import ClientError

from app.settings import Settings

log = logging.getLogger(__name__)


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code"))


class Storage:
    """One bucket, made when it is first written to."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stack = AsyncExitStack()
        self._client: Any = None

    async def __aenter__(self) -> Storage:
        settings = self._settings
        config = AioConfig(
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            connect_timeout=3,
            read_timeout=20,
            retries={"mode": "standard", "max_attempts": 2},
            # Checksums in trailers are newer than many self-hosted servers.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        self._client = await self._stack.enter_async_context(
            get_session().create_client(
                "s3",
                endpoint_url=settings.s3_endpoint_url,
                aws_access_key_id=settings.s3_access_key,
                aws_secret_access_key=settings.s3_secret_key,
                region_name=settings.s3_region,
                config=config,
            )
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def put(self, key: str, body: bytes, content_type: str) -> None:
        """Write an object; writing the same again changes nothing."""
        try:
            await self._put(key, body, content_type)
        except ClientError as error:
            if _code(error) != "NoSuchBucket":
                raise
            await self._create_bucket()
            await self._put(key, body, content_type)

    async def _put(self, key: str, body: bytes, content_type: str) -> None:
        bucket = self._settings.s3_bucket
        await self._client.put_object(Bucket=bucket, Key=key, Body=body, ContentType=content_type)

    async def _create_bucket(self) -> None:
        options: dict[str, Any] = {}
        if self._settings.s3_region != "us-east-1":
            options["CreateBucketConfiguration"] = {"LocationConstraint": self._settings.s3_region}
        try:
            await self._client.create_bucket(Bucket=self._settings.s3_bucket, **options)
        except ClientError as error:
            if _code(error) not in ("BucketAlreadyOwnedByYou", "BucketAlreadyExists"):
                raise
        else:
            log.info("made the bucket", extra={"bucket": self._settings.s3_bucket})
