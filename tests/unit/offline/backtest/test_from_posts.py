"""Configs that need the same scoring of posts."""

from __future__ import annotations

import yaml

from streams.config import Config
from streams.offline.backtest import scored_alike
from tests.support.backtest import CONFIG


def test_configs_that_score_alike_are_told_from_those_that_do_not() -> None:
    tree = yaml.safe_load(CONFIG)
    one, calm = Config.model_validate(tree), Config.model_validate(tree | {"preset": "calm"})
    tree["brands"][0]["match"]["none"] = ["nordtel arena"]
    groups = scored_alike([("one", one), ("other terms", Config.model_validate(tree)), ("calm", calm)])
    assert [[name for name, _ in group] for group in groups] == [["one", "calm"], ["other terms"]]
