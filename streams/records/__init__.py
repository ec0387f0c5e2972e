"""Records of all topics, and how they are encoded; one module for each topic.

================  =================  ==========================  =============================================
record            topic              key                         meaning
================  =================  ==========================  =============================================
`Post`            social.posts       ``source:id``               one normalised post
`Deletion`        social.posts       that of the post            a request to delete a post
`AuthorDeletion`  social.posts       ``author:`` and both, to    a request to delete all posts of an author
                                     every partition
`Gap`             social.posts       ``gap:`` and source         a span in which posts of a source may be missing
`Envelope`        social.mentions    brand id                    one or more mentions of one brand
`Progress`        social.mentions    none, to every partition    how far one partition of social.posts is read
`Deletions`       social.mentions    none, to every partition    one or more deletions of posts
`AuthorDeletions` social.mentions    none, to every partition    one or more deletions of authors
`Gaps`            social.mentions    none, to every partition    one or more gaps
`Window`          social.windows     brand id                    a closed bucket with its scores
`Alert`           social.alerts      brand id                    one step in the life of an incident
`Label`           social.labels      ``source:id`` of the post   one annotator's label of a post
`Verdict`         social.labels      ``incident`` and its id     one operator's verdict on an incident
`PublishedModel`  social.models      ``sentiment/version``       a version of the model of quality `fast`
                                     ``sentiment-best/version``  a version of the model of quality `best`
`Cursor`          social.cursors     id of the source            how far a live source has been read, and by whom
================  =================  ==========================  =============================================

Every record has its version ``v``, and a reader refuses a newer one with an error. Times are milliseconds since the
epoch, UTC, unless their name has another unit. Probabilities are integers in ten-thousandths, so that sums are exact in
any order of addition.
"""

from streams.records.alerts import (
    ALERT_VERSION,
    MAX_ALERT_BYTES,
    SEVERITIES,
    STEPS_WITH_NEW_POSTS,
    Alert,
    AlertKind,
    AlertStep,
    Comparison,
    Detection,
    Drivers,
    PastPeak,
    PreviousStep,
    SamplePost,
    SentimentSplit,
    TopTerm,
    WindowCounts,
    alert_from_bytes,
)
from streams.records.cursors import (
    CURSOR_VERSION,
    MAX_RECENT_GAPS,
    Cursor,
    CursorState,
    Owner,
    RecentGap,
    cursor_from_bytes,
)
from streams.records.dead_letters import (
    MAX_OVER_QUOTA,
    OVER_QUOTA_VERSION,
    OverQuota,
    OverQuotaPost,
    over_quota_from_bytes,
)
from streams.records.gaps import GAP_CAUSES, GAP_VERSION, Gap, GapCause, gap_from_bytes, gap_of
from streams.records.labels import (
    LABEL_VERSION,
    MAX_SILENCE_MS,
    VERDICT_VERSION,
    Label,
    Verdict,
    VerdictValue,
    label_from_bytes,
    labels_record_from_bytes,
    verdict_in,
)
from streams.records.mentions import (
    COARSE,
    ENVELOPE_VERSION,
    IMPORT,
    MAX_MENTIONS,
    PROGRESS_VERSION,
    REPLY,
    REPOST,
    Envelope,
    Mention,
    MentionsContent,
    Progress,
    mentions_record_from_bytes,
)
from streams.records.models import (
    MAX_SNAPSHOT_BYTES,
    MODEL_NAMES,
    MODEL_RECORD_VERSION,
    HoldoutQuality,
    ModelHeader,
    PublishedModel,
    model_from_bytes,
    model_from_record,
    model_key,
    model_of_key,
)
from streams.records.notices import MAX_DELETIONS, AuthorDeletions, Deletions, Gaps, Notice
from streams.records.posts import (
    DELETION_VERSION,
    MAX_ID_CHARS,
    POST_VERSION,
    AuthorDeletion,
    Deletion,
    Post,
    PostsRecord,
    destinations,
    is_deletion,
    post_from_bytes,
    posts_record_from_bytes,
    unambiguous_key,
)
from streams.records.windows import WINDOW_VERSION, Window, WindowGap, WindowScore, window_from_bytes
from streams.records.wire import SHARE, epoch_ms, utc

__all__ = [
    "ALERT_VERSION",
    "COARSE",
    "CURSOR_VERSION",
    "DELETION_VERSION",
    "ENVELOPE_VERSION",
    "GAP_CAUSES",
    "GAP_VERSION",
    "IMPORT",
    "LABEL_VERSION",
    "MAX_ALERT_BYTES",
    "MAX_DELETIONS",
    "MAX_ID_CHARS",
    "MAX_MENTIONS",
    "MAX_OVER_QUOTA",
    "MAX_RECENT_GAPS",
    "MAX_SILENCE_MS",
    "MAX_SNAPSHOT_BYTES",
    "MODEL_NAMES",
    "MODEL_RECORD_VERSION",
    "OVER_QUOTA_VERSION",
    "POST_VERSION",
    "PROGRESS_VERSION",
    "REPLY",
    "REPOST",
    "SEVERITIES",
    "SHARE",
    "STEPS_WITH_NEW_POSTS",
    "VERDICT_VERSION",
    "WINDOW_VERSION",
    "Alert",
    "AlertKind",
    "AlertStep",
    "AuthorDeletion",
    "AuthorDeletions",
    "Comparison",
    "Cursor",
    "CursorState",
    "Deletion",
    "Deletions",
    "Detection",
    "Drivers",
    "Envelope",
    "Gap",
    "GapCause",
    "Gaps",
    "HoldoutQuality",
    "Label",
    "Mention",
    "MentionsContent",
    "ModelHeader",
    "Notice",
    "OverQuota",
    "OverQuotaPost",
    "Owner",
    "PastPeak",
    "Post",
    "PostsRecord",
    "PreviousStep",
    "Progress",
    "PublishedModel",
    "RecentGap",
    "SamplePost",
    "SentimentSplit",
    "TopTerm",
    "Verdict",
    "VerdictValue",
    "Window",
    "WindowCounts",
    "WindowGap",
    "WindowScore",
    "alert_from_bytes",
    "cursor_from_bytes",
    "destinations",
    "epoch_ms",
    "gap_from_bytes",
    "gap_of",
    "is_deletion",
    "label_from_bytes",
    "labels_record_from_bytes",
    "mentions_record_from_bytes",
    "model_from_bytes",
    "model_from_record",
    "model_key",
    "model_of_key",
    "over_quota_from_bytes",
    "post_from_bytes",
    "posts_record_from_bytes",
    "unambiguous_key",
    "utc",
    "verdict_in",
    "window_from_bytes",
]
