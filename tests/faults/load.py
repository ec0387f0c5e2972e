"""What is sent in a fault test: a simulated day with repeats, latecomers and broken lines in it, and labels."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import orjson
import yaml

from streams.offline.simulate import SimulationSettings, write

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

BROKEN_EVERY: Final = 200
"""Lines to one broken line: 0.5 %, a tenth of what `ingest.max_bad_share` allows."""


@dataclass(frozen=True, slots=True)
class Load:
    """Posts in a file, and what is known of them.

    Parameters
    ----------
    posts
        The file.
    brands
        Section `brands` of a config for it.
    ids
        Of the good posts, each once.
    broken
        The lines that must end in the dead letter queue.
    span_seconds
        Event time from the first post to the last.
    """

    posts: Path
    brands: list[dict[str, Any]]
    ids: frozenset[str]
    broken: frozenset[bytes]
    span_seconds: float

    @classmethod
    def simulated(
        cls, folder: Path, seed: int, *, days: float = 1.0, scenario: str = "all", broken_every: int = BROKEN_EVERY
    ) -> Load:
        """Draw it; 35,000 posts a day about six brands."""
        folder.mkdir(parents=True, exist_ok=True)
        posts, config = folder / "posts.jsonl", folder / "brands.yaml"
        write(SimulationSettings(seed=seed, days=days, scenario=scenario), posts, folder / "truth.json", config)
        lines = posts.read_bytes().splitlines()
        broken = [b'{"id": "broken-%d"' % number for number in range(len(lines) // broken_every)]
        for number, line in enumerate(broken):
            lines.insert((number + 1) * broken_every, line)
        brands = yaml.safe_load(config.read_text(encoding="utf-8"))["brands"]
        return cls._write(posts, lines, brands, frozenset(broken), days * 86_400)

    @classmethod
    def _write(
        cls, posts: Path, lines: list[bytes], brands: list[dict[str, Any]], broken: frozenset[bytes], seconds: float
    ) -> Load:
        posts.write_bytes(b"\n".join(lines) + b"\n")
        ids = frozenset(orjson.loads(line)["id"] for line in lines if line not in broken)
        return cls(posts, brands, ids, broken, seconds)

    def firestorm(self, folder: Path, brand: str, *, rate: int, seconds: float, seed: int) -> Load:
        """A storm about one brand that begins a quarter of an hour after the end of this load; without this load.

        Parameters
        ----------
        folder
            For the file.
        brand
            Its posts are those of this load, over and over, by other authors.
        rate
            Posts a second.
        seconds
            How long it lasts in event time.
        seed
            Of what is drawn.
        """
        folder.mkdir(parents=True, exist_ok=True)
        chance = random.Random(seed)
        lines = [line for line in self.posts.read_bytes().splitlines() if line not in self.broken]
        hot = [orjson.loads(line) for line in self._naming(brand, lines)]
        begin = datetime.fromisoformat(orjson.loads(lines[-1])["created_at"]) + timedelta(minutes=15)
        made = []
        for number in range(round(rate * seconds)):
            at = begin + timedelta(seconds=number / rate)
            drawn = {"id": f"storm-{number}", "created_at": at.isoformat(), "author": f"a{chance.randrange(20_000)}"}
            made.append(orjson.dumps(chance.choice(hot) | drawn))
        return self._write(folder / "posts.jsonl", made, self.brands, frozenset(), seconds)

    def followed_by(self, other: Load, folder: Path) -> Load:
        """Both, one after the other, in one file."""
        folder.mkdir(parents=True, exist_ok=True)
        lines = [line for load in (self, other) for line in load.posts.read_bytes().splitlines()]
        seconds = self.span_seconds + other.span_seconds
        return self._write(folder / "posts.jsonl", lines, self.brands, self.broken | other.broken, seconds)

    def _naming(self, brand: str, lines: Iterable[bytes]) -> list[bytes]:
        (terms,) = ([term.lower() for term in each["match"]["any"]] for each in self.brands if each["id"] == brand)
        return [line for line in lines if any(term in line.decode().lower() for term in terms)]

    def skewed(self, folder: Path, brand: str, share: float) -> Load:
        """The same with more posts about one brand, so that it has this share of all."""
        folder.mkdir(parents=True, exist_ok=True)
        lines = self.posts.read_bytes().splitlines()
        hot = set(self._naming(brand, lines)) - self.broken
        others = len(self.ids) - len(hot)
        copies = round(others * share / (1 - share) / len(hot))
        made = []
        for line in lines:
            made.append(line)
            if line in hot:
                post = orjson.loads(line)
                made += [orjson.dumps(post | {"id": f"{post['id']}-{copy}"}) for copy in range(1, copies)]
        return self._write(folder / "posts.jsonl", made, self.brands, self.broken, self.span_seconds)
