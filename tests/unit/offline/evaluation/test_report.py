"""The keys of an evaluation's JSON, which programs read, do not follow the names in the code."""

from __future__ import annotations

import orjson

from streams.offline.evaluation import BrandEvent, RaisedIncident, Rise, Trial, figures, match, report

KEYS_OF_A_KIND = {"cases", "raised_as", "taken_for", "warning", "watch", "in_time"}
KEYS_OF_A_CASE = {
    "kind", "brand", "onset", "end", "posts", "posts_within_limit", "raised_as", "taken_for", "reached", "incidents",
}  # fmt: skip


def test_the_keys_are_those_of_the_published_report() -> None:
    storm = BrandEvent("firestorm", "nordtel", 0, 36_000_000, posts_ms=[1_000])
    outcomes, others = match([storm], [RaisedIncident("nordtel", "a", [Rise(60_000, "warning")])])
    trials = [Trial(1, 1, 7.0, 1, 1.0, outcomes, others)]
    tree = orjson.loads(orjson.dumps(report(figures(trials), trials, "c1", {"firestorm": 1.0})))
    assert set(tree) == {"version", "config_version", "figures", "oracle", "trials"}
    assert set(tree["figures"]) == {"seeds", "brand_weeks", "posts", "kinds", "others"}
    assert set(tree["figures"]["kinds"]["firestorm"]) == KEYS_OF_A_KIND
    assert set(tree["trials"][0]) == {"seed", "brands", "days", "posts", "seconds", "cases", "false"}
    assert set(tree["trials"][0]["cases"][0]) == KEYS_OF_A_CASE
