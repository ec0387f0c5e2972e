"""How a source of Reddit may be configured, and what is refused when the config is checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from streams.config.loader import config_of
from streams.config.sources.reddit import REDDIT_ID_VARIABLE, REDDIT_SECRET_VARIABLE, RedditSettings
from streams.errors import ConfigError
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path

BRANDS = [{"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}}]
AGENT = "linux:acme-watch:1.0 (by /u/acme_it)"


def settings(**keys: Any) -> RedditSettings:
    source = {"id": "reddit", "kind": "reddit", "subreddits": ["nordtel"]} | keys
    config = config_of(yaml.safe_dump({"brands": BRANDS, "sources": [source]}).encode(), ROOT / "firewatch.yaml", {})
    entry = config.sources[0]
    assert isinstance(entry, RedditSettings)
    return entry


def problems(**keys: Any) -> str:
    with pytest.raises(ConfigError) as refused:
        settings(**keys)
    return str(refused.value)


def test_subreddits_are_enough_to_load_the_config() -> None:
    assert settings().subreddits == ["nordtel"]
    assert settings(subreddits=["r/nordtel", "/r/Acme/", "u_acme-it"]).subreddits == ["nordtel", "Acme", "u_acme-it"]


@pytest.mark.parametrize("name", ["", "a", "no blank", "a+b", "nordtel?x=1", "../about", "x" * 22, "näh", "a/b"])
def test_what_is_no_subreddit_is_refused(name: str) -> None:
    assert "must be the name of a subreddit" in problems(subreddits=[name])


def test_listings_of_all_of_reddit_and_repeated_names_are_refused() -> None:
    assert "is not whole" in problems(subreddits=["all"])
    assert "must name each subreddit once, and nordtel" in problems(subreddits=["nordtel", "r/Nordtel"])


@pytest.mark.parametrize(
    "agent", ["Mozilla/5.0 (X11)", "acme-watch/1.0", "bö:acme (by /u/acme_it)", "a\nb /u/acme_it x"]
)
def test_an_agent_without_an_account_is_refused(agent: str) -> None:
    assert "must name a Reddit account" in problems(user_agent=agent)


def test_an_id_of_the_app_is_checked() -> None:
    assert "must be the id that Reddit shows" in problems(client_id="a:b")


def test_credentials_come_from_the_file_or_from_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "secret"
    file.write_text("from-a-file\n")
    entry = settings(client_id="app", client_secret_file=str(file), user_agent=AGENT)
    identity, secret, agent = entry.credentials()
    assert (identity, secret.get_secret_value(), agent) == ("app", "from-a-file", AGENT)
    monkeypatch.setenv(REDDIT_SECRET_VARIABLE, "from-a-variable")
    monkeypatch.setenv(REDDIT_ID_VARIABLE, "other")
    assert entry.credentials()[:1] == ("other",)
    assert entry.credentials()[1].get_secret_value() == "from-a-variable"
    monkeypatch.setenv(REDDIT_ID_VARIABLE, "a:b")
    with pytest.raises(ConfigError, match=REDDIT_ID_VARIABLE):
        entry.credentials()


def test_what_is_missing_is_named_by_its_setting_in_one_line() -> None:
    with pytest.raises(ConfigError) as refused:
        settings().credentials()
    problems = refused.value.in_one_line.split("; ")
    assert [problem.partition(":")[0] for problem in problems if ": " in problem] == [
        "client_id",
        "user_agent",
        "client_secret_file",
    ]


@pytest.mark.parametrize("name", ["api_url", "token_url"])
def test_a_token_is_not_sent_without_tls_unless_the_network_is_private(name: str) -> None:
    plain = {name: "http://proxy.internal:8080"}
    assert f"sources[0].{name}: must not begin with http://" in problems(**plain)
    assert getattr(settings(**plain, allow_private=True), name) == plain[name]
