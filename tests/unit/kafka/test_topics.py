"""Names and settings of the topics, which other programs and the stored data rely on."""

from __future__ import annotations

from streams.config import TopicSettings
from streams.kafka.topics import Topics

DAY_MS = 86_400_000


def test_the_names_of_topics_never_change() -> None:
    topics = Topics(TopicSettings(prefix="staging."))
    assert [topic.name for topic in topics.all()] == [
        "staging.social.posts",
        "staging.social.posts.dlq",
        "staging.social.mentions",
        "staging.social.windows",
        "staging.social.alerts",
        "staging.social.alerts.dlq",
        "staging.firewatch-detect-brands-changelog",
        "staging.social.labels",
        "staging.social.models",
        "staging.social.cursors",
    ]
    assert topics.state_writer(3) == "staging.firewatch-detect-brands-changelog-3"


def test_only_what_is_read_in_one_order_or_is_small_has_one_partition() -> None:
    topics = Topics(TopicSettings(partitions=7, replication_factor=3))
    single = {topics.dlq, topics.alerts_dlq, topics.labels, topics.models, topics.cursors}
    assert {topic for topic in topics.all() if topic.partitions == 1} == single
    assert {topic.partitions for topic in topics.all() if topic not in single} == {7}
    assert {topic.replication_factor for topic in topics.all()} == {3}


def test_records_are_kept_as_long_as_configured_and_state_for_ever() -> None:
    topics = Topics(TopicSettings(posts_retention_hours=48))
    posts, changelog = topics.posts.configs(), topics.changelog.configs()
    assert (posts["cleanup.policy"], posts["retention.ms"]) == ("delete", str(2 * DAY_MS))
    assert posts["message.timestamp.type"] == "LogAppendTime"
    assert (changelog["cleanup.policy"], changelog.get("retention.ms")) == ("compact", None)
    assert {topic.name for topic in topics.all() if topic.cleanup_policy == "compact"} == {
        topics.changelog.name,
        topics.models.name,
        topics.cursors.name,
    }
