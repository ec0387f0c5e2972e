"""The rights of workers, as they are printed."""

from __future__ import annotations

from streams.config import Config
from streams.kafka.acls import accesses, granting_commands, topics_of
from streams.kafka.names import WORKERS
from streams.kafka.topics import Topics

CONFIG = Config.model_validate(
    {
        "brands": [{"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}}],
        "kafka": {"bootstrap_servers": "kafka:9093"},
        "topics": {"prefix": "staging."},
    }
)


def test_commands_name_broker_principal_operations_and_resources() -> None:
    begin = "kafka-acls.sh --bootstrap-server kafka:9093 --command-config admin.properties --add "
    assert granting_commands(CONFIG, ["train"], "learner") == [
        begin + "--allow-principal User:learner --operation Write --operation DescribeConfigs "
        "--topic staging.social.posts.dlq",
        begin + "--allow-principal User:learner --operation Read --operation DescribeConfigs "
        "--topic staging.social.labels",
        begin + "--allow-principal User:learner --operation Read --operation Write --operation DescribeConfigs "
        "--topic staging.social.models",
        begin + "--allow-principal User:learner --operation Read --group staging.firewatch-train "
        "--group staging.firewatch-train-letters",
        begin + "--allow-principal User:learner --operation Write --transactional-id staging.firewatch-train-letters",
    ]
    assert "User:firewatch-score" in granting_commands(CONFIG, ["score"])[0]


def test_no_worker_but_topics_may_make_or_change_a_topic() -> None:
    for worker in WORKERS[1:]:
        for access in accesses(worker, CONFIG):
            assert set(access.operations) <= {"Read", "Write", "DescribeConfigs"}
    assert topics_of("topics", CONFIG) == Topics(CONFIG.topics).all()
