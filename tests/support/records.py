"""Records of each kind, and how to damage them."""

from __future__ import annotations

from typing import Any, Final

import orjson
from hypothesis import strategies as st

from streams.records import AuthorDeletions, Deletions, Envelope, Gaps, Mention, MentionsContent, Progress

TEXTS: Final = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)

ANY_BYTES: Final = st.binary(max_size=200) | st.recursive(
    st.none() | st.integers(-(2**63), 2**63) | TEXTS, st.lists
).map(orjson.dumps)
"""Bytes that are no record, some of them JSON."""

MENTION: Final = Mention(
    7, 1_700_000_000_000, 30, 9_000, 500, 11, 12, 1, 3, "de", "forum", "p7", ["#netz"], "https://example.org/7", None
)
ENVELOPE: Final = Envelope("nordtel", 2, "uuid", "m1", 1_700_000_000_500, [MENTION])
PROGRESS: Final = Progress(
    2,
    "uuid",
    7,
    1_700_000_000_000,
    1_700_000_000_500,
    -1,
    True,
    [("forum", [1_699_999_800_000])],
    [(1_699_999_980_000, [3] + [0] * 15)],
)
DELETIONS: Final = Deletions(2, [(1_700_000_000_000, "forum", "p7")])
AUTHOR_DELETIONS: Final = AuthorDeletions(2, "uuid", [(8, 1_700_000_000_000, 11)])
GAPS: Final = Gaps(2, "uuid", [(9, 1_700_000_000_000, "forum", 1_699_999_000_000, 1_699_999_900_000)])


def changed(record: MentionsContent, **fields: Any) -> bytes:
    """Return the bytes of a record with other fields."""
    return orjson.dumps(orjson.loads(record.to_bytes()) | fields)
