"""Settings of sources of the kind `reddit`."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, StringConstraints, model_validator

from streams.config.addresses import HttpUrl
from streams.config.base import secret
from streams.config.sources.base import KIND, SourceSettings, refuse_unencrypted
from streams.errors import ConfigError

REDDIT_ID_VARIABLE: Final = "FIREWATCH_REDDIT_CLIENT_ID"
REDDIT_SECRET_VARIABLE: Final = "FIREWATCH_REDDIT_CLIENT_SECRET"  # noqa: S105  the name of a variable

_SUBREDDIT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_]{1,20}|u_[A-Za-z0-9_-]{3,20}")
_CLIENT_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,100}")
_CONTACT: Final = re.compile(r"[\x20-\x7e]*\bu/[A-Za-z0-9_-]{3,20}\b[\x20-\x7e]*")


def _subreddit(name: str) -> str:
    """Return the name of a subreddit without ``r/`` before it."""
    bare = name.strip().strip("/").removeprefix("r/")
    if not _SUBREDDIT.fullmatch(bare):
        raise ValueError("must be the name of a subreddit such as nordtel, or u_NAME for the profile of a user")
    if bare.lower() in {"all", "popular"}:
        raise ValueError("must be a subreddit: a listing of all of Reddit is not whole (docs/sources/reddit.md)")
    return bare


def _subreddits(names: list[str]) -> list[str]:
    lower = [name.lower() for name in names]
    if doubled := sorted({name for name in lower if lower.count(name) > 1}):
        raise ValueError(f"must name each subreddit once, and {', '.join(doubled)} is there more often")
    return names


def _user_agent(text: str) -> str:
    if not _CONTACT.fullmatch(text):
        raise ValueError("must name a Reddit account to turn to, such as linux:acme-watch:1.0 (by /u/acme_it)")
    return text


def _client_id(text: str) -> str:
    if not _CLIENT_ID.fullmatch(text):
        raise ValueError("must be the id that Reddit shows below the name of the app: letters, digits, - and _")
    return text


class RedditSettings(SourceSettings):
    """Posts and comments of subreddits, by Reddit's API, for which Reddit has to approve the app."""

    kind: Literal["reddit"] = Field(description=KIND)
    expected_silence_seconds: float = Field(
        default=21_600,
        ge=1,
        le=31_536_000,
        description="Seconds without a post after which the source counts as silent: longer than it ever is in the "
        "quietest hour. The default suits subreddits that are quiet at night; a busy one needs less.",
    )
    subreddits: Annotated[list[Annotated[str, AfterValidator(_subreddit)]], AfterValidator(_subreddits)] = Field(
        min_length=1, max_length=100, description="Names of the subreddits that are read."
    )
    client_id: Annotated[str, AfterValidator(_client_id)] | None = Field(
        default=None,
        description=f"Id of the app that Reddit has approved; the environment variable {REDDIT_ID_VARIABLE} can hold "
        "it instead.",
    )
    client_secret_file: Path | None = Field(
        default=None,
        description=f"File with the secret of the app; the environment variable {REDDIT_SECRET_VARIABLE} can hold it "
        "instead.",
    )
    user_agent: Annotated[str, StringConstraints(min_length=10, max_length=200), AfterValidator(_user_agent)] | None = (
        Field(
            default=None,
            description="Header by which Reddit distinguishes programs: unique, with a Reddit account to turn to, such "
            "as linux:acme-watch:1.0 (by /u/acme_it). A source is not read without it.",
        )
    )
    comments: bool = Field(default=True, description="Whether comments are read besides posts.")
    include_reposts: bool = Field(
        default=False, description="Whether crossposts are read too, with the text of the original."
    )
    poll_seconds: float = Field(
        default=30,
        ge=2,
        le=3_600,
        description="Seconds between two readings; more if the limit of requests asks for it. A listing ends after "
        "some 1,000 entries, so subreddits with more in that time need fewer seconds.",
    )
    reread_hours: float = Field(
        default=24,
        ge=0,
        le=720,
        description="Age in hours up to which posts are looked at again for edits and deletions, which Reddit does "
        "not announce; 0 switches it off.",
    )
    api_url: HttpUrl = Field(default="https://oauth.reddit.com", description="Base address of the API.")
    token_url: HttpUrl = Field(
        default="https://www.reddit.com/api/v1/access_token", description="Address that grants tokens."
    )
    allow_private: bool = Field(
        default=False,
        description="Whether `api_url` and `token_url` may be inside of a private network, as a proxy is.",
    )

    @model_validator(mode="after")
    def _encrypted(self) -> Self:
        if not self.allow_private:
            refuse_unencrypted(self, "api_url", "token_url")
        return self

    def credentials(self) -> tuple[str, SecretStr, str]:
        """Return id and secret of the app, and the header that names the program.

        Raises
        ------
        ConfigError
            If one of them is missing, or the file can't be read.
        """
        problems = []
        identity = os.environ.get(REDDIT_ID_VARIABLE, "").strip() or self.client_id
        if not identity:
            problems.append(f"client_id: is required; or set the environment variable {REDDIT_ID_VARIABLE}")
        elif not _CLIENT_ID.fullmatch(identity):
            problems.append(f"{REDDIT_ID_VARIABLE} must hold letters, digits, - and _ only")
        if self.user_agent is None:
            problems.append(
                "user_agent: is required by Reddit; name the program and a Reddit account, such as "
                "linux:acme-watch:1.0 (by /u/acme_it)"
            )
        found = None
        try:
            found = secret(REDDIT_SECRET_VARIABLE, self.client_secret_file, "client_secret_file", is_line=True)
        except ConfigError as error:
            problems += [str(problem) for problem in error.problems]
        else:
            if found is None:
                problems.append(
                    f"client_secret_file: is required; or set the environment variable {REDDIT_SECRET_VARIABLE}"
                )
        if problems or not identity or found is None or self.user_agent is None:
            raise ConfigError(problems)
        return identity, found, self.user_agent
