"""Build the AsyncAPI 3 document of all topics from the record types, the topics' settings and the headers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from streams.config import TopicSettings
from streams.contract.record_schema import described, inlined, record_schema
from streams.kafka.topics import Topic, Topics
from streams.records import (
    ALERT_VERSION,
    CURSOR_VERSION,
    DELETION_VERSION,
    ENVELOPE_VERSION,
    GAP_VERSION,
    LABEL_VERSION,
    MAX_ALERT_BYTES,
    MAX_MENTIONS,
    MODEL_NAMES,
    MODEL_RECORD_VERSION,
    OVER_QUOTA_VERSION,
    POST_VERSION,
    PROGRESS_VERSION,
    VERDICT_VERSION,
    WINDOW_VERSION,
    Alert,
    AuthorDeletion,
    AuthorDeletions,
    Cursor,
    Deletion,
    Deletions,
    Envelope,
    Gap,
    Gaps,
    Label,
    ModelHeader,
    OverQuota,
    Post,
    Progress,
    Verdict,
    Window,
    cloudevents,
    dead_letters,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

ASYNCAPI_VERSION: Final = "3.0.0"

_POST_KEY: Final = "source:id of the post; :length:source:id if the source has a colon, length being that of the source"

CONTRACT_VERSION: Final = "1.1.0"
"""Version of the contract for all records; ``deploy/contract/README.md`` has the rules by which it changes."""

JSON: Final = "application/json"
BINARY: Final = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class _Message:
    """One kind of record.

    Parameters
    ----------
    name
        Name in the document.
    summary
        One sentence about the record.
    key
        Description of the record key, empty if there is none.
    payload
        JSON Schema of the value.
    content_type
        Media type of the value.
    headers
        JSON Schema of the headers, or None.
    """

    name: str
    summary: str
    key: str
    payload: dict[str, Any]
    content_type: str = JSON
    headers: dict[str, Any] | None = None

    def tree(self) -> dict[str, Any]:
        """Return the part of the document."""
        tree: dict[str, Any] = {
            "name": self.name,
            "summary": self.summary,
            "contentType": self.content_type,
            "payload": self.payload,
        }
        if self.headers is not None:
            tree["headers"] = self.headers
        if self.key:
            key = {"type": "string", "description": self.key}
            tree["bindings"] = {"kafka": {"key": key, "bindingVersion": "0.5.0"}}
        return tree


@dataclass(frozen=True, slots=True)
class _Channel:
    """One topic with its messages, and the workers that write and read it."""

    id: str
    topic: Topic
    about: str
    messages: Sequence[_Message]
    sent_by: str
    received_by: str = ""

    def tree(self) -> dict[str, Any]:
        """Return the part of the document."""
        configuration: dict[str, Any] = {"cleanup.policy": [self.topic.cleanup_policy]}
        if self.topic.retention_ms is not None:
            configuration["retention.ms"] = self.topic.retention_ms
        return {
            "address": self.topic.name,
            "description": self.about,
            "messages": {message.name: {"$ref": f"#/components/messages/{message.name}"} for message in self.messages},
            "bindings": {
                "kafka": {
                    "topic": self.topic.name,
                    "partitions": self.topic.partitions,
                    "topicConfiguration": configuration,
                    "bindingVersion": "0.5.0",
                }
            },
        }

    def operations(self) -> dict[str, Any]:
        """Return the operations of firewatch on the topic."""
        doers = (("send", self.sent_by), ("receive", self.received_by))
        return {
            f"{action}{self.id[0].upper()}{self.id[1:]}": {
                "action": action,
                "channel": {"$ref": f"#/channels/{self.id}"},
                "summary": f"By firewatch {doer}.",
            }
            for action, doer in doers
            if doer
        }


def asyncapi() -> dict[str, Any]:
    """Return the whole document, for the default settings of topics."""
    channels = _channels(Topics(TopicSettings()))
    return {
        "asyncapi": ASYNCAPI_VERSION,
        "info": {
            "title": "firewatch",
            "version": CONTRACT_VERSION,
            "description": "Topics of firewatch as `firewatch topics` creates them with the default settings; a prefix "
            "(`topics.prefix`) precedes each name. Every record has its version `v`, times are milliseconds since the "
            "epoch (UTC) unless they are ISO 8601, and readers ignore fields that they don't know.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": JSON,
        "channels": {channel.id: channel.tree() for channel in channels},
        "operations": {name: tree for channel in channels for name, tree in channel.operations().items()},
        "components": {
            "messages": {message.name: message.tree() for channel in channels for message in channel.messages}
        },
    }


def _channels(topics: Topics) -> list[_Channel]:
    brand = "Brand id"
    post = _Message("post", "One normalised post.", _POST_KEY, record_schema(Post, POST_VERSION))
    deletion = _Message(
        "deletion",
        "A request to delete a post.",
        _POST_KEY,
        record_schema(Deletion, DELETION_VERSION, delete={"const": True}),
    )
    author_deletion = _Message(
        "authorDeletion",
        "A request to delete all posts of an author; a copy is in every partition, after the author's posts.",
        "author:, and the source and the author as in the key of a post",
        record_schema(AuthorDeletion, DELETION_VERSION, delete_author={"const": True}),
    )
    gap = _Message(
        "gap",
        "A span in which posts of a source may be missing.",
        "gap: and the source",
        record_schema(Gap, GAP_VERSION, gap={"const": True}),
    )
    author_deletions = _Message(
        "authorDeletions",
        "Deletions of authors that were read from one partition of social.posts; the record goes to every partition.",
        "",
        record_schema(AuthorDeletions, DELETION_VERSION, author_deletions={"const": True}),
    )
    gaps = _Message(
        "gaps",
        "Gaps that were read from one partition of social.posts; the record goes to every partition.",
        "",
        record_schema(Gaps, GAP_VERSION, gaps={"const": True}),
    )
    deletions = _Message(
        "deletions",
        "Deletions that were read from one partition of social.posts; the record goes to every partition.",
        "",
        record_schema(Deletions, DELETION_VERSION, deletions={"const": True}),
    )
    envelope = _Message(
        "envelope",
        f"At most {MAX_MENTIONS} scored mentions of one brand.",
        brand,
        record_schema(Envelope, ENVELOPE_VERSION),
    )
    progress = _Message(
        "progress",
        "Position up to which one partition of social.posts has been read; the record goes to every partition.",
        "",
        record_schema(Progress, PROGRESS_VERSION, progress={"const": True}),
    )
    window = _Message("window", "One closed bucket with its scores.", brand, record_schema(Window, WINDOW_VERSION))
    alert = _Message(
        "alert",
        f"One step of an incident, a CloudEvent in binary mode of at most {MAX_ALERT_BYTES} bytes.",
        brand,
        described(Alert.model_json_schema(mode="serialization"), ALERT_VERSION),
        headers=_strings(cloudevents.HEADERS, optional=frozenset()),
    )
    label = _Message(
        "label",
        "One annotator's label of one post.",
        _POST_KEY,
        described(Label.model_json_schema(mode="validation"), LABEL_VERSION),
    )
    verdict = _Message(
        "verdict",
        "One operator's verdict on one incident.",
        "incident, a blank, and the incident's fingerprint",
        described(Verdict.model_json_schema(mode="validation"), VERDICT_VERSION),
    )
    cursor = _Message(
        "cursor",
        "How far one live source has been read.",
        "Id of the source",
        described(Cursor.model_json_schema(mode="validation"), CURSOR_VERSION),
    )
    header = inlined(ModelHeader.model_json_schema(mode="serialization"))
    model = _Message(
        "model",
        "A version of the sentiment model, with the offset up to which it has learned the labels.",
        f"{' or '.join(MODEL_NAMES.values())}, a slash, and the version",
        {
            "type": "string",
            "format": "binary",
            "description": "SHA-256 of all that follows, in hexadecimal; newline; a header in JSON; newline; a "
            "snapshot that only firewatch reads. x-header is the schema of the header.",
            "x-header": described(header, MODEL_RECORD_VERSION),
        },
        content_type=BINARY,
    )
    dead_letter = _Message(
        "deadLetter",
        "A record that could not be processed, unchanged.",
        "",
        {"type": "string", "format": "binary", "description": "The value of the record, or the line of the source."},
        content_type=BINARY,
        headers=_strings(dead_letters.HEADERS, optional=dead_letters.OPTIONAL_HEADERS),
    )
    over_quota = _Message(
        "overQuota",
        "A dead letter with the reason over_quota, which lists posts that were not scored, without their content.",
        "",
        record_schema(OverQuota, OVER_QUOTA_VERSION),
        headers=_strings(dead_letters.HEADERS, optional=dead_letters.OPTIONAL_HEADERS),
    )
    return [
        _Channel(
            "posts", topics.posts, "Posts; any producer may write here.",
            [post, deletion, author_deletion, gap], "ingest", received_by="score",
        ),
        _Channel(
            "mentions", topics.mentions, "Records between two workers of firewatch; other clients must not write here.",
            [envelope, progress, deletions, author_deletions, gaps], "score", received_by="detect",
        ),
        _Channel(
            "windows", topics.windows, "Counts and scores of every brand's closed buckets.", [window], "detect"
        ),
        _Channel(
            "alerts", topics.alerts, "Incidents, step by step, for receivers of alerts.", [alert], "detect",
            received_by="bridge",
        ),
        _Channel(
            "labels", topics.labels, "Labels of posts and verdicts on incidents; any producer may write here.",
            [label, verdict], "label and alerts", received_by="train and bridge",
        ),
        _Channel(
            "models", topics.models,
            "Versions of the sentiment model, compacted; only firewatch reads and writes them.", [model], "train",
            received_by="score and train",
        ),
        _Channel(
            "cursors", topics.cursors,
            "How far each live source has been read, by whom, and in which condition it is; compacted, and only "
            "firewatch writes here.", [cursor], "sources", received_by="sources and status",
        ),
        _Channel(
            "letters", topics.dlq,
            "Dead letters of posts, mentions, labels and models, and learned states that a detector could not restore.",
            [dead_letter, over_quota],
            "ingest, score, train and detect",
        ),
        _Channel(
            "alertLetters", topics.alerts_dlq, "Dead letters of alerts that a receiver has not accepted.",
            [dead_letter], "bridge",
        ),
    ]  # fmt: skip


def _strings(headers: dict[str, str], optional: frozenset[str]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {name: {"type": "string", "description": about} for name, about in headers.items()},
        "required": [name for name in headers if name not in optional],
    }
