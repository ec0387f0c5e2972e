"""What is sent in a fault test: a simulated day with repeats, latecomers and broken lines in it, and labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson
import yaml

from streams.offline.simulate import SimulationSettings, write

if TYPE_CHECKING:
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
    def simulated(cls, folder: Path, seed: int, *, days: float = 1.0, scenario: str = "all") -> Load:
        """Draw it; 35,000 posts a day about six brands."""
        folder.mkdir(parents=True, exist_ok=True)
        posts, config = folder / "posts.jsonl", folder / "brands.yaml"
        write(SimulationSettings(seed=seed, days=days, scenario=scenario), posts, folder / "truth.json", config)
        lines = posts.read_bytes().splitlines()
        broken = [b'{"id": "broken-%d"' % number for number in range(len(lines) // BROKEN_EVERY)]
        for number, line in enumerate(broken):
            lines.insert((number + 1) * BROKEN_EVERY, line)
        brands = yaml.safe_load(config.read_text(encoding="utf-8"))["brands"]
        return cls._write(posts, lines, brands, frozenset(broken), days * 86_400)

    @classmethod
    def _write(
        cls, posts: Path, lines: list[bytes], brands: list[dict[str, Any]], broken: frozenset[bytes], seconds: float
    ) -> Load:
        posts.write_bytes(b"\n".join(lines) + b"\n")
        ids = frozenset(orjson.loads(line)["id"] for line in lines if line not in broken)
        return cls(posts, brands, ids, broken, seconds)

    def skewed(self, folder: Path, brand: str, share: float) -> Load:
        """The same with more posts about one brand, so that it has this share of all."""
        folder.mkdir(parents=True, exist_ok=True)
        (terms,) = ([term.lower() for term in each["match"]["any"]] for each in self.brands if each["id"] == brand)
        lines = self.posts.read_bytes().splitlines()
        hot = {line for line in lines if any(term in line.decode().lower() for term in terms)} - self.broken
        others = len(self.ids) - len(hot)
        copies = round(others * share / (1 - share) / len(hot))
        made = []
        for line in lines:
            made.append(line)
            if line in hot:
                post = orjson.loads(line)
                made += [orjson.dumps(post | {"id": f"{post['id']}-{copy}"}) for copy in range(1, copies)]
        return self._write(folder / "posts.jsonl", made, self.brands, self.broken, self.span_seconds)
