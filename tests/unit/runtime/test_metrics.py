"""The catalogue of metrics: bounded labels, and help that is understood without its neighbours."""

from __future__ import annotations

from streams.runtime.metrics import Capped, catalogue, series_names


def test_names_beyond_the_limit_share_one_for_good() -> None:
    source = Capped(2)
    assert [source(name) for name in ("forum", "news", "blog", "forum", "video")] == [
        "forum",
        "news",
        "other",
        "forum",
        "other",
    ]


def test_each_value_of_another_label_has_names_of_its_own() -> None:
    source = Capped(1)
    assert [source("forum", of="a"), source("news", of="a"), source("news", of="b")] == ["forum", "other", "news"]


def test_no_two_metrics_have_the_same_help_and_none_leans_on_another() -> None:
    texts = [family.documentation for metric in catalogue() for family in metric.describe()]
    assert len(texts) == len(set(texts)) > 50
    for text in texts:
        assert not {"same", "likewise", "above", "below"} & set(text.lower().split()), text


def test_every_series_is_firewatchs_own_or_the_processs() -> None:
    assert all(name.startswith(("firewatch_", "process_")) for name in series_names())
    assert {"firewatch_labels_total", "firewatch_batch_records_bucket", "firewatch_build_info"} <= series_names()
