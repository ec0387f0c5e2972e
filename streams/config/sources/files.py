"""Settings of sources of the kind `files`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from streams.config.base import Misfit, refuse_misfits
from streams.config.field_maps import LiveMapping
from streams.config.ingest import EncodingName
from streams.config.sources.base import KIND, SourceSettings

PathPattern = Annotated[str, StringConstraints(min_length=1, max_length=4_096, pattern=r"^[^\x00]*[^\x00\s][^\x00]*$")]


class FilesSourceSettings(SourceSettings):
    """Posts of files and of folders that files are put into."""

    kind: Literal["files"] = Field(description=KIND)
    paths: list[PathPattern] = Field(
        min_length=1,
        max_length=1_000,
        description="Files, folders, or patterns such as dump/*.jsonl.zst; ** stands for folders within folders.",
    )
    watch: bool = Field(
        default=True,
        description="Whether files that appear or grow later are read too. Otherwise those that are there are read "
        "once, all together in order of time, and the source ends.",
    )
    poll_seconds: float = Field(
        default=1, ge=0.05, le=3_600, description="Seconds between two looks at the files, if they are watched."
    )
    settle_seconds: float = Field(
        default=10,
        ge=0,
        le=86_400,
        description="Seconds without a change after which a file counts as complete. Lines of JSON are read as they "
        "are written; other files are read once they have settled or hold 64 KB.",
    )
    done: Literal["keep", "move", "delete"] = Field(
        default="keep",
        description="Treatment of a file that is complete and whose posts Kafka has: it stays, is moved to "
        "`done_folder`, or is deleted.",
    )
    done_folder: Path | None = Field(
        default=None, description="Folder that files are moved to; required for `done` move, and made if it is missing."
    )
    map: LiveMapping | None = Field(
        default=None,
        description="Where the fields of posts are in the records of the files, as in `ingest.map`. By default known "
        "formats are recognised.",
    )
    encoding: EncodingName | None = Field(
        default=None, description="Encoding of text files, as in `ingest.encoding`. By default it is recognised."
    )

    @model_validator(mode="after")
    def _done_fits(self) -> Self:
        wrong = []
        if (self.done == "move") != (self.done_folder is not None):
            wrong.append(Misfit(("done_folder",), "belongs to `done: move`: set both or none"))
        if self.done != "keep" and not self.watch:
            wrong.append(Misfit(("done",), "must be keep where `watch` is false: files that are read once stay"))
        refuse_misfits(type(self).__name__, wrong)
        return self
