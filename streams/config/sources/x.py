"""Settings of sources of the kind `x`."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal, Self

from pydantic import Field, SecretStr, model_validator

from streams.config.addresses import HttpUrl
from streams.config.base import Language, secret
from streams.config.sources.base import KIND, SourceSettings, refuse_unencrypted
from streams.errors import ConfigError

X_BEARER_VARIABLE: Final = "FIREWATCH_X_BEARER"


class XSettings(SourceSettings):
    """Posts of X that name a brand, by the filtered stream of its API, whose rules are made from the brands."""

    kind: Literal["x"] = Field(description=KIND)
    bearer_file: Path | None = Field(
        default=None,
        description=f"File with the bearer token of the app; the environment variable {X_BEARER_VARIABLE} can hold it "
        "instead.",
    )
    spend_limit_usd_per_day: float = Field(
        ge=0,
        le=1_000_000,
        description="US dollars that may be spent on posts within a day of UTC; `at_limit` decides what happens then. "
        "There is no default, since a firestorm of 100,000 posts costs 500 dollars.",
    )
    usd_per_post: float = Field(
        default=0.005, ge=0, le=10, description="US dollars that X charges for each post that is delivered."
    )
    at_limit: Literal["stop", "sample"] = Field(
        default="sample",
        description="Reaction as the limit is approached: stop reads everything until the limit is reached, sample "
        "reads only `sample_percent` of the posts from `sample_from` of it on. At the limit both stop until the next "
        "day of UTC.",
    )
    sample_from: float = Field(
        default=0.7, gt=0, lt=1, description="Share of the limit from which on only a sample is read; 0.7 is 70 %."
    )
    sample_percent: int = Field(default=10, ge=1, le=99, description="Percentage of the posts that a sample has.")
    languages: list[Language] = Field(
        default_factory=list,
        max_length=2,
        description="Languages, as X detects them, of the posts that are read; all of them if the list is empty.",
    )
    include_reposts: bool = Field(
        default=False, description="Whether reposts are read too; each costs as much as a post."
    )
    recover: Literal["search", "none"] = Field(
        default="search",
        description="How posts that were missed while disconnected are fetched: by recent search, which reaches back "
        "seven days, or not at all, so that each interruption is a gap.",
    )
    max_recovered_posts: int = Field(
        default=2_000,
        ge=0,
        le=1_000_000,
        description="Largest number of posts that are fetched after one interruption; the rest is a gap.",
    )
    max_rules: int = Field(
        default=1_000, ge=1, le=25_000, description="Largest number of rules that the project may have."
    )
    max_rule_chars: int = Field(
        default=512,
        ge=64,
        le=4_096,
        description="Longest rule in characters. 512 is what recent search accepts too; the stream accepts 1,024.",
    )
    api_url: HttpUrl = Field(default="https://api.x.com", description="Base address of the API.")
    allow_private: bool = Field(
        default=False, description="Whether `api_url` may be inside of a private network, as a proxy is."
    )

    @model_validator(mode="after")
    def _encrypted(self) -> Self:
        if not self.allow_private:
            refuse_unencrypted(self, "api_url")
        return self

    def bearer(self) -> SecretStr:
        """Return the bearer token from the environment or from its file.

        Raises
        ------
        ConfigError
            If there is none, or the file can't be read.
        """
        found = secret(X_BEARER_VARIABLE, self.bearer_file, "bearer_file", is_line=True)
        if found is None:
            raise ConfigError([f"bearer_file: is required; or set the environment variable {X_BEARER_VARIABLE}"])
        return found
