"""Settings of sources of the kind `files`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from streams.config.sources.base import KIND, SourceSettings


class FilesSourceSettings(SourceSettings):
    """Posts of files and of folders that files are put into."""

    kind: Literal["files"] = Field(description=KIND)
    paths: list[str] = Field(
        min_length=1, max_length=1_000, description="Files, folders, or patterns such as dump/*.jsonl.zst."
    )
