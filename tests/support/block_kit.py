"""The rules of Block Kit that Slack enforces, for the kinds of blocks that firewatch sends.

They follow Slack's reference of blocks and composition objects, and are stricter where it is vague: characters are
counted as UTF-16 units, and a key that is not documented is a problem.
"""

from __future__ import annotations

from typing import Any, Final

MAX_BLOCKS: Final = 50
MAX_TEXT_UNITS: Final = 40_000
KEYS: Final = {"plain_text": {"type", "text", "emoji"}, "mrkdwn": {"type", "text", "verbatim"}}


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def block_problems(blocks: Any) -> list[str]:
    """Return what Slack would object to, empty if nothing."""
    if not isinstance(blocks, list):
        return ["blocks: must be an array"]
    if len(blocks) > MAX_BLOCKS:
        return [f"blocks: no more than {MAX_BLOCKS} items allowed"]
    return [f"blocks/{place}: {problem}" for place, block in enumerate(blocks) for problem in _block(block)]


def _block(block: Any) -> list[str]:
    match block:
        case {"type": "header", "text": text, **rest}:
            return _extra(rest) + _text(text, 150, ("plain_text",))
        case {"type": "section", "text": text, **rest}:
            return _extra(rest) + _text(text, 3_000, ("plain_text", "mrkdwn"))
        case {"type": "context", "elements": list(elements), **rest}:
            count = [] if 1 <= len(elements) <= 10 else ["must have 1 to 10 elements"]
            return _extra(rest) + count + [each for text in elements for each in _text(text, 3_000, tuple(KEYS))]
    return [f"unsupported block {block!r}"]


def _extra(rest: dict[Any, Any]) -> list[str]:
    return [f"unknown keys {sorted(rest)}"] if rest else []


def _text(text: Any, limit: int, kinds: tuple[str, ...]) -> list[str]:
    if not isinstance(text, dict) or text.get("type") not in kinds or not isinstance(text.get("text"), str):
        return [f"must be a text object of type {' or '.join(kinds)}"]
    problems = [] if set(text) <= KEYS[text["type"]] else [f"unknown keys in {sorted(text)}"]
    if not text["text"].strip():
        problems.append("must be more than 0 characters")
    if units(text["text"]) > limit:
        problems.append(f"must be less than {limit + 1} characters")
    return problems
