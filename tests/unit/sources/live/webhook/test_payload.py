"""Records are found in bodies by their media type and by their look; a body that is no JSON is refused whole."""

from __future__ import annotations

import json

import pytest

from streams.sources.conversion import Conversion
from streams.sources.live.webhook.payload import Form, form_of, records_of
from streams.sources.live.webhook.problems import RequestRefused
from tests.support.pushing import lines, post, posts

ONE = json.dumps(post()).encode()
THREE = [json.dumps(each).encode() for each in posts(3)]


def found(body: bytes, form: Form = "json", max_bytes: int = 1_000, max_records: int = 100) -> list[bytes]:
    return records_of(body, form, Conversion.of_known_formats(), max_bytes, max_records)


@pytest.mark.parametrize("form", ["json", "lines", "any"])
@pytest.mark.parametrize(
    ("body", "records"),
    [
        (ONE, [ONE]),
        (b"\xef\xbb\xbf \r\n" + ONE + b"\r\n", [ONE]),
        (b"[" + b",".join(THREE) + b"]", THREE),
        (b" [\n " + b" ,\n ".join(THREE) + b"\n]\n", THREE),
        (b"\n".join(THREE), THREE),
        (b"\r\n\r\n".join(THREE) + b"\r\n", [THREE[0] + b"\r", THREE[1] + b"\r", THREE[2] + b"\r"]),
        (b"[]", []),
        (b"[ ]\n", []),
    ],
)
def test_records_are_found_whatever_the_media_type_says(form: Form, body: bytes, records: list[bytes]) -> None:
    assert [each.strip() for each in found(body, form)] == [each.strip() for each in records]


def test_a_post_may_stand_on_several_lines() -> None:
    body = json.dumps(post(), indent=2).encode()
    assert found(body) == [body]
    assert found(b"[" + body + b"]") == [body]


@pytest.mark.parametrize("wrap", [{"documents": posts(3)}, {"meta": 1, "data": {"items": posts(3)}}])
def test_the_posts_of_a_page_are_found(wrap: object) -> None:
    assert [json.loads(each) for each in found(json.dumps(wrap).encode())] == posts(3)


@pytest.mark.parametrize(
    "body",
    [
        b"[", b"[1", b'[{"id": 1}', b'[{"id": 1},]', b'[{"id": 1} {"id": 2}]', b'[{"id": 1}}', b"[,]", b"[1,,2]", b"]",
        b'[{"id": 1}] x', b'[{"id": 1}][', b"{", b'{"id": 1', b'{"id": 1}}', b'{"id": 1} x', b"posts", b"7", b'"x"',
        b"\x00", b"\xff\xfe[\x00]\x00", b"{'id': 1}", b'{"documents": [' + ONE + b"," + ONE,
    ],
)  # fmt: skip
def test_a_body_that_is_no_json_is_refused_whole(body: bytes) -> None:
    with pytest.raises(RequestRefused) as refused:
        found(body)
    assert (refused.value.status, refused.value.reason) == (400, "broken_json")


def test_items_that_are_no_objects_are_records_that_are_refused_later() -> None:
    assert found(b'[1, "two", null, [3], tru]') == [b"1", b'"two"', b"null", b"[3]", b"tru"]
    assert found(b"nonsense\n" + ONE, "lines") == [b"nonsense", ONE]


def test_a_record_that_is_too_long_is_cut_and_does_not_affect_the_next() -> None:
    long = json.dumps(post(text="x" * 200_000)).encode()
    for body in (b"[" + long + b"," + ONE + b"]", long + b"\n" + ONE):
        records = found(body)
        assert [len(each) for each in records] == [1_001, len(ONE)]
    assert len(found(long)[0]) == 1_001


def test_numbers_and_emoji_that_json_lacks_are_left_to_the_record() -> None:
    for body in (b'{"id": 1, "likes": NaN}', rb'{"id": 1, "text": "\ud83d"}'):
        assert found(body) == [body]


def test_the_number_of_records_is_limited_before_they_are_parsed() -> None:
    body = b"[" + b"{}," * 5_000_000 + b"{}]"
    with pytest.raises(RequestRefused, match="more than 100 posts"):
        found(body)
    with pytest.raises(RequestRefused, match="more than 100 posts"):
        found(lines(posts(101)), "lines")


@pytest.mark.parametrize(
    ("content_type", "form"),
    [
        ("application/json", "json"),
        ("Application/JSON;charset=UTF-8", "json"),
        ('application/json; charset="utf-8"', "json"),
        ("application/cloudevents+json", "json"),
        ("application/x-ndjson", "lines"),
        ("application/jsonl", "lines"),
        ("text/plain; charset=us-ascii", "any"),
        ("application/octet-stream", "any"),
        ("", "any"),
    ],
)
def test_media_types(content_type: str, form: Form) -> None:
    assert form_of(content_type) == form
