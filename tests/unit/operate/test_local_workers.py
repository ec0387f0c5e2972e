"""Why workers of this machine do not use the config file."""

from __future__ import annotations

from streams.config import Config
from streams.operate.local_workers import left_out, refused_configs
from streams.runtime import metrics
from streams.runtime.health import Health
from streams.runtime.http_server import serve

BRANDS = [{"id": "a", "name": "A", "match": {"any": ["aa"]}}]


def test_the_config_that_a_worker_could_not_use_is_named_and_other_answers_are_not() -> None:
    health = Health(60)
    ports = [serve("127.0.0.1", 0, "x", {"/readyz": page}) for page in (health.readyz, lambda: (True, {"ready": True}))]
    metrics = {"host": "0.0.0.0", "score_port": ports[0], "detect_port": ports[1]}  # noqa: S104  nothing listens there
    config = Config.model_validate({"brands": BRANDS, "metrics": metrics})
    assert refused_configs(config) == {}
    health.follow_config(lambda: "windoes: unknown key (line 4)")
    assert refused_configs(config) == {"score": "windoes: unknown key (line 4)"}


def test_posts_that_kafka_does_not_have_are_counted_where_a_worker_answers() -> None:
    port = serve("127.0.0.1", 0, "x")
    config = Config.model_validate({"brands": BRANDS, "metrics": {"ingest_port": 0, "score_port": port}})
    before = left_out(config).get("imported", 0)
    metrics.POSTS_IMPORTED.labels("forum").inc(3)
    assert left_out(config)["imported"] == before + 3
    nobody = Config.model_validate({"brands": BRANDS, "metrics": {"ingest_port": 0, "score_port": 0}})
    assert left_out(nobody) == {}


def test_workers_that_do_not_run_are_left_out() -> None:
    port = serve("127.0.0.1", 0, "x")  # answers 404 to /readyz
    metrics = {"score_port": port, "detect_port": 0}
    assert refused_configs(Config.model_validate({"brands": BRANDS, "metrics": metrics})) == {}
