"""Items of the lines of files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.core.ingest.parsing import parse, post_id
from streams.core.ingest.timestamps import EventTimes
from streams.errors import RecordError
from streams.records import is_deletion
from streams.sources.live.base import Bad, Deleted, Found

if TYPE_CHECKING:
    from streams.config import IngestSettings
    from streams.sources.base import Line
    from streams.sources.live.base import Item


class LineReading:
    """Makes items of lines.

    Parameters
    ----------
    settings
        Section `ingest` of the config.
    """

    def __init__(self, settings: IngestSettings) -> None:
        self._max_bytes = settings.max_record_bytes
        self._times = EventTimes(settings.timezone)

    def item(self, line: Line, path: str) -> Item:
        """Return what a line holds.

        Parameters
        ----------
        line
            The line, converted by the map.
        path
            Path of its file, for the place of a defect.
        """
        raw, place = line.original or line.data, f"{path}, {line.place}"
        try:
            line.check_date()
            if len(line.data) > self._max_bytes:
                raise RecordError("too_large", f"longer than ingest.max_record_bytes={self._max_bytes}")  # noqa: TRY301
            fields = parse(line.data)
            fields.pop("source", None)  # it is the id of this source
            if is_deletion(fields):
                return Deleted(post_id(fields))
        except RecordError as error:
            return Bad(error, raw[: self._max_bytes + 1], place)
        return Found(fields, raw, place=place)

    def time_ms(self, item: Item, now_ms: int) -> int | None:
        """Return the event time of a post, no later than the present, milliseconds since the epoch; None of others."""
        if not isinstance(item, Found):
            return None
        try:
            return min(self._times.event_time_ms(item.fields, now_ms), now_ms)
        except RecordError:
            return None
