"""Problems name the setting, the value and the way out, in the words of the file."""

from __future__ import annotations

from typing import Any

import pytest

from streams.config.rounds import check

BRAND = {"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}}


@pytest.mark.parametrize(
    ("sections", "problem"),
    [
        ({"topics": {"partitions": "many"}}, "topics.partitions: must be a whole number, got 'many'"),
        ({"topics": {"partitions": 1.5}}, "topics.partitions: must be a whole number, got 1.5"),
        ({"topics": {"partitions": 0}}, "topics.partitions: must be at least 1, got 0"),
        ({"topics": {"partitions": 1001}}, "topics.partitions: must be at most 1,000, got 1001"),
        ({"topics": {"partitions": [1]}}, "topics.partitions: must be a whole number"),
        ({"topics": {"prefix": "a b"}},
         "topics.prefix: must be made of letters, digits, dots, _ and -, 100 characters at most, got 'a b'"),
        ({"topics": []}, "topics: must be a mapping of keys to values"),
        ({"incidents": {"quiet_below": 0}}, "incidents.quiet_below: must be more than 0, got 0"),
        ({"preset": "calmm"}, "preset: must be calm, balanced or sensitive, got 'calmm'; did you mean calm?"),
        ({"preset": 3}, "preset: must be calm, balanced or sensitive, got 3"),
        ({"alerts": {"include_texts": "maybe"}}, "alerts.include_texts: must be true or false, got 'maybe'"),
        ({"maintenance": {}}, "maintenance: must be a list"),
        ({"kafka": {"client_id": 3}}, "kafka.client_id: must be text, got 3: write it in quotes"),
        ({"brands": [BRAND | {"name": ""}]}, "brands[0].name: must have at least 1 characters, got ''"),
        ({"brands": []}, "brands: must have at least one entry"),
        ({"expected_events": [{"reason": "x", "day": "2026-03-01", "brands": "nordtel"}]},
         "expected_events[0].brands: must be all, or a list, got 'nordtel'"),
        ({"topics": {"prefixx": ""}},
         "topics.prefixx: unknown key; allowed here: alerts_retention_hours, dlq_retention_hours, "
         "labels_retention_hours, mentions_retention_hours, partitions, posts_retention_hours, prefix, "
         "replication_factor, windows_retention_hours; did you mean prefix?"),
        ({"sources": [{"id": "a", "kind": "jetstream", "languages": ["german"]}]},
         "sources[0].languages[0]: must be the two or three letters of a language, such as de, got 'german'"),
        ({"sources": [{"id": "a", "kind": "kafka", "topic": "a b"}]},
         "sources[0].topic: must be made of letters, digits, dots, _ and -, 249 characters at most, got 'a b'"),
        ({"sources": [{"id": "a", "kind": "feeds", "urls": ["https://a.example/"], "contact": "a b"}]},
         "sources[0].contact: must be a web or mail address without white space and parentheses, 200 characters at "
         "most, got 'a b'"),
        ({"sources": [{"id": "a", "kind": "files", "paths": [" "]}]},
         "sources[0].paths[0]: must be the path of a file or folder, or a pattern of such, got ' '"),
        ({"bridge": {"slack": {"channel": "#crisis"}}},
         "bridge.slack.channel: must be the id of a channel, such as C0123456789, not its name, got '#crisis'"),
        ({"alerts": {"generator_url": "ftp://x/{brand}"}},
         "alerts.generator_url: must be a URL that begins with http:// or https:// and names a host"),
    ],
)  # fmt: skip
def test_a_problem_says_what_is_allowed_and_what_was_there(sections: dict[str, Any], problem: str) -> None:
    (found,) = check({"brands": [BRAND]} | sections).found
    assert str(found.problem) == problem


@pytest.mark.parametrize(
    "tree",
    [
        {"bridge": {"webhook": {"url": "https://hunter2.example:x/"}}},
        {"bridge": {"webhook": {"url": "hunter2.example/services/T0/B0"}}},
        {"bridge": {"slack": {"url": "https://hooks.example/hunter2"}}},
        {"kafka": {"password": "hunter2"}},
        {"preset": "https://hunter2.example"},
    ],
)
def test_a_value_that_may_be_a_secret_is_not_shown(tree: dict[str, Any]) -> None:
    (found,) = check({"brands": [BRAND]} | tree).found
    assert "hunter2" not in str(found.problem)
