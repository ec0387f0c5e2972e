"""Records that must be refused, of many kinds, made of good ones by a seed."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

import orjson

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

Fields = dict[str, Any]

FAR_MS: Final = (-(10**15), -1, 0, 1_000, 4_102_444_800_000, 10**15, 2**63 - 1)
"""Before `ingest.oldest_year`, or after the year 2100."""

HUGE_INTEGERS: Final = (2**63, 2**64 - 1, 2**64, 10**30, -(2**63) - 1, -(10**30), 10**400)
OF_OTHER_TYPES: Final[tuple[Any, ...]] = (None, True, 1.5, "7", [], {}, [[1]], {"a": 1})
DEEP: Final = 3_000
BEGINNING_BYTES: Final = 200


class Poison:
    """Breaks records of one topic.

    Parameters
    ----------
    chance
        Draws the kinds and what they need.
    required
        Names of the fields a record can't be without, except its version.
    times
        Those of them that are an event time.
    """

    def __init__(self, chance: random.Random, required: tuple[str, ...], times: tuple[str, ...]) -> None:
        self._chance = chance
        self._required = required
        self._times = times
        self.kinds: dict[str, Callable[[Fields], bytes | None]] = {
            "random bytes": lambda _: b"\xc1" + chance.randbytes(chance.randrange(200)),
            "empty": lambda _: b"",
            "tombstone": lambda _: None,
            "cut off": self._cut_off,
            "not an object": lambda _: chance.choice([b"[]", b"null", b"7", b'"a"', b"true", b"[{}]", b"1e400"]),
            "twice": lambda fields: 2 * orjson.dumps(fields),
            "deep": lambda fields: self._with_raw(fields, b"[" * DEEP + b"]" * DEEP),
            "deep objects": lambda fields: self._with_raw(fields, b'{"a":' * DEEP + b"1" + b"}" * DEEP),
            "not a number": lambda fields: self._with_raw(
                fields, chance.choice([b"NaN", b"-Infinity", b"0x1F", b"01"])
            ),
            "invalid UTF-8": lambda fields: self._with_raw(fields, b'"\xff\xfe"'),
            "overlong UTF-8": lambda fields: self._with_raw(fields, b'"\xc0\xaf"'),
            "lone surrogate": lambda fields: self._with_raw(fields, b'"\\ud83d"'),
            "raw control character": lambda fields: self._with_raw(fields, b'"a\x00b"'),
            "huge": lambda fields: b"{" + orjson.dumps(fields) + b" " * chance.randrange(500_000, 1_000_000),
            "missing field": self._missing,
            "wrong type": self._wrong_type,
            "newer version": lambda fields: orjson.dumps({**fields, "v": chance.choice([2, 99, 2**62])}),
            "no version": lambda fields: orjson.dumps({**fields, "v": chance.choice([0, -1, "1", None, 1.0, True])}),
            "huge integer": self._huge_integer,
            "far away in time": self._far_away,
        }

    def draw(self, fields: Fields) -> tuple[str, bytes | None]:
        """Break a good record; its kind and its value."""
        kind = self._chance.choice([*self.kinds])
        return kind, self.kinds[kind](fields)

    def _cut_off(self, fields: Fields) -> bytes:
        whole = orjson.dumps(fields)
        return whole[: self._chance.randrange(1, len(whole))]

    def _with_raw(self, fields: Fields, raw: bytes) -> bytes:
        return orjson.dumps(fields)[:-1] + b',"extra":' + raw + b"}"

    def _missing(self, fields: Fields) -> bytes:
        gone = self._chance.choice(self._required)
        return orjson.dumps({name: value for name, value in fields.items() if name != gone})

    def _wrong_type(self, fields: Fields) -> bytes:
        name = self._chance.choice(self._required)
        others = [other for other in OF_OTHER_TYPES if type(other) is not type(fields[name])]
        return orjson.dumps({**fields, name: self._chance.choice(others)})

    def _huge_integer(self, fields: Fields) -> bytes:
        name = self._chance.choice(self._required)
        value = self._chance.choice(HUGE_INTEGERS)
        rest = orjson.dumps({key: each for key, each in fields.items() if key != name})
        return rest[:-1] + f',"{name}":{value}}}'.encode()

    def _far_away(self, fields: Fields) -> bytes:
        return orjson.dumps({**fields, self._chance.choice(self._times): self._chance.choice(FAR_MS)})


def posts(chance: random.Random) -> Poison:
    """For `social.posts`."""
    return Poison(chance, ("id", "source", "ts_ms", "text"), ("ts_ms",))


def labels(chance: random.Random) -> Poison:
    """For `social.labels`."""
    return Poison(chance, ("post", "label", "by", "at_ms"), ("at_ms",))


def mentions(chance: random.Random) -> Poison:
    """For envelopes in `social.mentions`."""
    poison = Poison(chance, ("brand", "partition", "incarnation", "model", "ingested_ms", "mentions"), ("ingested_ms",))
    poison.kinds["bad mention"] = lambda fields: _with_bad_mention(chance, fields)
    poison.kinds["far away in time"] = lambda fields: _with_mention(
        fields, **{chance.choice(["ts_ms", "behind_ms"]): 4_102_444_800_000}
    )
    poison.kinds["no such partition"] = lambda fields: orjson.dumps(
        {**fields, "partition": chance.choice([-1, 1_000, 2**40])}
    )
    poison.kinds["out of order"] = lambda fields: orjson.dumps({**fields, "mentions": 2 * fields["mentions"]})
    return poison


def progress(chance: random.Random) -> Poison:
    """For progress records in `social.mentions`."""
    required = (
        "partition", "incarnation", "offset", "watermark_ms", "ingested_ms", "idle_as_of_ms", "live", "active", "pulse",
    )  # fmt: skip
    poison = Poison(chance, required, ("watermark_ms", "ingested_ms", "idle_as_of_ms"))
    ahead = 4_102_444_800_000
    poison.kinds["far away in time"] = lambda fields: orjson.dumps(
        {
            **fields,
            **chance.choice(
                [
                    {"watermark_ms": ahead},
                    {"idle_as_of_ms": ahead},
                    {"ingested_ms": ahead},
                    {"active": [["forum", [ahead]]]},
                    {"active": [["forum", [0]]]},
                    {"pulse": [[ahead, [0] * 16]]},
                    {"watermark_ms": 1_000},
                ]
            ),
        }
    )
    poison.kinds["bad list"] = lambda fields: orjson.dumps(
        {
            **fields,
            **chance.choice(
                [
                    {"active": [["forum"]]},
                    {"active": [[7, [0]]]},
                    {"active": [["forum", ["x"]]]},
                    {"active": [["forum", [1.5]]]},
                    {"pulse": [[0, [1]]]},
                    {"pulse": [[0, [-1] * 16]]},
                    {"pulse": [[0, [2**62] * 16]]},
                    {"active": [["x" * 100_000, []]]},
                ]
            ),
        }
    )
    return poison


class BrokenModels:
    """Breaks records of `social.models`, which have keys and checksums.

    Parameters
    ----------
    chance
        Draws the kinds and what they need.
    key, value
        Of a good record; of its snapshot only the beginning is sent, which is bad enough and small.
    """

    def __init__(self, chance: random.Random, key: bytes, value: bytes) -> None:
        self._chance = chance
        self._key = key
        _, header, snapshot = value.split(b"\n", 2)
        self._header: Fields = orjson.loads(header)
        self._snapshot = snapshot[:BEGINNING_BYTES]
        self._whole = value = _sealed(self._header, self._snapshot)
        self._headers = Poison(chance, ("version", "parent", "created_ms", "labels", "offset"), ("created_ms",))
        for kind in ("tombstone", "empty", "huge", "far away in time", "invalid UTF-8", "overlong UTF-8"):
            del self._headers.kinds[kind]  # others stand below, or mean nothing here
        self.kinds: dict[str, Callable[[], tuple[bytes, bytes | None]]] = {
            "random bytes": lambda: (key, chance.randbytes(chance.randrange(1, 200))),
            "empty": lambda: (key, b""),
            "huge": lambda: (key, _sealed(self._header, chance.randbytes(chance.choice([1_000, 950_000])))),
            "cut off": lambda: (key, value[: chance.randrange(1, len(value))]),
            "one bit": self._one_bit,
            "no snapshot": lambda: (key, _sealed(self._header, b"")),
            "damaged snapshot": lambda: (key, _sealed(self._header, self._snapshot)),
            "other quality": lambda: (key, _sealed(self._header, b"fwsb" + self._snapshot[4:])),
            "wrong key": lambda: (chance.choice(_WRONG_KEYS), value),
            "key of another": lambda: (b"sentiment/%d" % chance.randrange(10**6, 10**15), value),
            "tombstone of nothing": lambda: (chance.choice(_WRONG_KEYS), None),
            "header": self._bad_header,
        }

    def draw(self) -> tuple[str, bytes, bytes | None]:
        """A kind, a key, and a value."""
        kind = self._chance.choice([*self.kinds])
        return kind, *self.kinds[kind]()

    def _one_bit(self) -> tuple[bytes, bytes]:
        place = self._chance.randrange(len(self._whole))
        flipped = bytes([self._whole[place] ^ 1 << self._chance.randrange(8)])
        return self._key, self._whole[:place] + flipped + self._whole[place + 1 :]

    def _bad_header(self) -> tuple[bytes, bytes]:
        _, header = self._headers.draw(self._header)
        return self._key, _sealed(header or b"", self._snapshot)


_WRONG_KEYS: Final = (
    b"", b"stranger", b"sentiment", b"sentiment/", b"sentiment/-1", b"sentiment/x", b"sentiment/" + b"9" * 40,
)  # fmt: skip


def _sealed(header: Fields | bytes, snapshot: bytes) -> bytes:
    """With the right checksum."""
    written = header if isinstance(header, bytes) else orjson.dumps(header)
    content = written + b"\n" + snapshot
    return hashlib.sha256(content).hexdigest().encode() + b"\n" + content


_MENTION: Final = (
    "offset", "ts_ms", "behind_ms", "negative", "positive", "author", "signature", "flags", "engagement", "lang",
    "source", "id", "terms", "url", "text",
)  # fmt: skip


def _with_mention(fields: Fields, **changed: Any) -> bytes:
    first = dict(zip(_MENTION, [*fields["mentions"][0], None, None], strict=False)) | changed
    return orjson.dumps({**fields, "mentions": [list(first.values()), *fields["mentions"][1:]]})


def _with_bad_mention(chance: random.Random, fields: Fields) -> bytes:
    numbers, texts = _MENTION[:9], _MENTION[9:12]
    name, value = chance.choice(
        [
            (chance.choice(numbers), chance.choice([-1, 2**63, "1", None, 1.5, True, []])),
            (chance.choice(texts), chance.choice([None, 7, [], {}, "x" * 5_000])),
            ("terms", chance.choice([None, "abc", [{}], [["a"]], [7], [None], ["x"] * 100, ["x" * 5_000]])),
            ("url", chance.choice([7, [], {}])),
            ("text", chance.choice([7, [], {}])),
            ("negative", 10_001),
            ("engagement", 10**12),
        ]
    )
    if chance.random() < 0.1:
        return orjson.dumps({**fields, "mentions": [[1, 2, 3]]})
    return _with_mention(fields, **{name: value})
