"""The AsyncAPI 3 document of all topics, from the record types, the topics' settings and the headers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from streams.config import TopicSettings
from streams.contract.record_schema import described, inlined, record_schema
from streams.kafka.topics import Topic, Topics
from streams.records import (
    ALERT_VERSION,
    DELETION_VERSION,
    ENVELOPE_VERSION,
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
    Deletion,
    Deletions,
    Envelope,
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

CONTRACT_VERSION: Final = "1.1.0"
"""Of all records together; ``deploy/contract/README.md`` has the rules by which it rises."""

JSON: Final = "application/json"
BINARY: Final = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class _Message:
    """One kind of record.

    Parameters
    ----------
    name
        In the document.
    summary
        What it is.
    key
        What the record key is, empty without one.
    payload
        JSON Schema.
    content_type
        Of the value.
    headers
        JSON Schema, or None.
    """

    name: str
    summary: str
    key: str
    payload: dict[str, Any]
    content_type: str = JSON
    headers: dict[str, Any] | None = None

    def tree(self) -> dict[str, Any]:
        """As AsyncAPI has it."""
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
    """One topic: who writes and who reads it, and what is in it."""

    id: str
    topic: Topic
    about: str
    messages: Sequence[_Message]
    sent_by: str
    received_by: str = ""

    def tree(self) -> dict[str, Any]:
        """As AsyncAPI has it."""
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
        """What firewatch does with it."""
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
    """The whole document, for the defaults of `topics`."""
    channels = _channels(Topics(TopicSettings()))
    return {
        "asyncapi": ASYNCAPI_VERSION,
        "info": {
            "title": "firewatch",
            "version": CONTRACT_VERSION,
            "description": "Topics of firewatch, as `firewatch topics` makes them without any setting; a prefix "
            "(`topics.prefix`) stands before each name. Every record has its version `v`, times are milliseconds since "
            "the epoch (UTC) unless they are ISO 8601, and readers pass over fields they don't know.",
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
    post = _Message("post", "One normalised post.", "source:id of the post", record_schema(Post, POST_VERSION))
    deletion = _Message(
        "deletion",
        "A post is to be forgotten.",
        "source:id of the post",
        record_schema(Deletion, DELETION_VERSION, delete={"const": True}),
    )
    deletions = _Message(
        "deletions",
        "Deletions read from one partition of social.posts; goes to every partition.",
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
        "How far one partition of social.posts has been read; goes to every partition.",
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
        "What one person says of one post.",
        "source:id of the post",
        described(Label.model_json_schema(mode="validation"), LABEL_VERSION),
    )
    verdict = _Message(
        "verdict",
        "What one person says of one incident.",
        "incident, a blank, and the incident's fingerprint",
        described(Verdict.model_json_schema(mode="validation"), VERDICT_VERSION),
    )
    header = inlined(ModelHeader.model_json_schema(mode="serialization"))
    model = _Message(
        "model",
        "What was learned of the labels up to an offset.",
        f"{' or '.join(MODEL_NAMES.values())}, a slash, and the version",
        {
            "type": "string",
            "format": "binary",
            "description": "SHA-256 of all that follows, in hexadecimal; newline; a header in JSON; newline; a "
            "snapshot that only firewatch reads. The schema of the header stands under x-header.",
            "x-header": described(header, MODEL_RECORD_VERSION),
        },
        content_type=BINARY,
    )
    letter = _Message(
        "deadLetter",
        "What could not be used, as it came.",
        "",
        {"type": "string", "format": "binary", "description": "The value of the record, or the line of the source"},
        content_type=BINARY,
        headers=_strings(dead_letters.HEADERS, optional=dead_letters.OPTIONAL_HEADERS),
    )
    over_quota = _Message(
        "overQuota",
        "A dead letter with the reason over_quota: names posts that were not scored, and holds none of them.",
        "",
        record_schema(OverQuota, OVER_QUOTA_VERSION),
        headers=_strings(dead_letters.HEADERS, optional=dead_letters.OPTIONAL_HEADERS),
    )
    return [
        _Channel(
            "posts", topics.posts, "Posts; any producer may write here.", [post, deletion], "ingest",
            received_by="score",
        ),
        _Channel(
            "mentions", topics.mentions, "Between two workers of firewatch, and not for others to write.",
            [envelope, progress, deletions], "score", received_by="detect",
        ),
        _Channel("windows", topics.windows, "Every count and score of every brand.", [window], "detect"),
        _Channel(
            "alerts", topics.alerts, "Incidents, for those who are paged.", [alert], "detect", received_by="bridge"
        ),
        _Channel(
            "labels", topics.labels, "What people say of posts and incidents; anybody may write here.",
            [label, verdict], "label and alerts", received_by="train and bridge",
        ),
        _Channel(
            "models", topics.models, "Learned models, compacted; only firewatch reads and writes them.", [model],
            "train", received_by="score and train",
        ),
        _Channel(
            "letters", topics.dlq, "The dead letters of posts, mentions, labels and models.", [letter, over_quota],
            "ingest, score, train and detect",
        ),
        _Channel(
            "alertLetters", topics.alerts_dlq, "Alerts that a receiver would not take.", [letter], "bridge"
        ),
    ]  # fmt: skip


def _strings(headers: dict[str, str], optional: frozenset[str]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {name: {"type": "string", "description": about} for name, about in headers.items()},
        "required": [name for name in headers if name not in optional],
    }
