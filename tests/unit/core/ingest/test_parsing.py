"""What a line of input becomes, and why it is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.config import IngestSettings
from streams.core.ingest.links import MAX_URL_CHARS
from streams.core.ingest.parsing import Normaliser
from streams.errors import RecordError
from streams.records import MAX_ID_CHARS, Post, post_from_bytes

NOW_MS = 1_750_000_000_000
GOOD: dict[str, Any] = {"id": "1", "created_at": "2025-06-01T12:00:00Z", "text": "Kein Netz bei Nordtel"}
GOOD_MS = 1_748_779_200_000


def read(line: bytes, **settings: Any) -> Post:
    return Normaliser(IngestSettings(**settings), "file").post(line, NOW_MS)


def post(**fields: Any) -> Post:
    return read(json.dumps(GOOD | fields).encode())


def reason(line: bytes, **settings: Any) -> str:
    with pytest.raises(RecordError) as refused:
        read(line, **settings)
    return refused.value.reason


def reason_of(**fields: Any) -> str:
    return reason(json.dumps(GOOD | fields).encode())


def test_every_field_arrives() -> None:
    everything = post(
        id=17, source="microblog", author="anna", lang="de-AT", url="https://example.org/17", brand="Nordtel",
        repost_of=3, reply_to="4", likes=5, reposts=6, replies=7, unknown={"a": [1]},
    )  # fmt: skip
    assert everything == Post(
        id="17", source="microblog", ts_ms=GOOD_MS, text="Kein Netz bei Nordtel", author="anna", lang="de",
        url="https://example.org/17", tag="Nordtel", repost_of="3", reply_to="4", engagement=18,
    )  # fmt: skip


def test_what_is_missing_null_or_blank_gets_its_default() -> None:
    nothing = dict.fromkeys(("author", "lang", "url", "brand", "repost_of", "reply_to", "likes", "source"))
    assert (
        post(**nothing) == post() == post(author=" ", lang="", source=" ") == Post("1", "file", GOOD_MS, GOOD["text"])
    )


@pytest.mark.parametrize(
    ("created_at", "ts_ms"),
    [
        ("2025-06-01T14:00:00+02:00", GOOD_MS),
        ("2025-06-01 12:00:00", GOOD_MS),
        ("2025-06-01T12:00:00.123Z", GOOD_MS + 123),
        ("20250601T120000Z", GOOD_MS),
        (GOOD_MS // 1000, GOOD_MS),
        (GOOD_MS, GOOD_MS),
        (GOOD_MS / 1000 + 0.5, GOOD_MS + 500),
    ],
)
def test_times(created_at: str | float, ts_ms: int) -> None:
    assert post(created_at=created_at).ts_ms == ts_ms


def test_a_fast_clock_is_set_to_now_and_a_wrong_one_is_refused() -> None:
    assert post(created_at=NOW_MS + 3_600_000).ts_ms == NOW_MS
    assert reason_of(created_at=NOW_MS + 86_400_001) == "timestamp_in_future"


def test_redating_happens_before_the_time_is_judged() -> None:
    normaliser = Normaliser(IngestSettings(), "file", redate=lambda ts_ms: (ts_ms - 10**12, NOW_MS + 5_000))
    for later_ms, expected_ms in ((4_000, 4_000), (6_000, 5_000)):
        line = json.dumps(GOOD | {"created_at": NOW_MS + 10**12 + later_ms}).encode()
        assert normaliser.post(line, NOW_MS).ts_ms == NOW_MS + expected_ms


@pytest.mark.parametrize(
    ("created_at", "expected"),
    [
        ("1970-01-01T00:00:00Z", "timestamp_too_old"),
        (0, "timestamp_too_old"),
        (-5, "timestamp_too_old"),
        ("0001-01-01T00:00:00+14:00", "timestamp_too_old"),
        ("2099-01-01T00:00:00Z", "timestamp_in_future"),
        ("9999-12-31T23:59:59-14:00", "timestamp_in_future"),
        ("2025-06-01", "bad_timestamp"),
        ("yesterday at noon", "bad_timestamp"),
        ("2025-02-30T12:00:00Z", "bad_timestamp"),
        ("", "bad_timestamp"),
        (1e300, "bad_timestamp"),
        (True, "wrong_type"),
        (["2025-06-01T12:00:00Z"], "wrong_type"),
        (None, "missing_field"),
    ],
)
def test_bad_times(created_at: object, expected: str) -> None:
    assert reason_of(created_at=created_at) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"id": None}, "missing_field"),
        ({"id": "  "}, "empty_id"),
        ({"id": "x" * (MAX_ID_CHARS + 1)}, "bad_id"),
        ({"id": 1.5}, "wrong_type"),
        ({"id": True}, "wrong_type"),
        ({"id": 2**70}, "wrong_type"),
        ({"id": 1.2e18}, "wrong_type"),
        ({"id": {}}, "wrong_type"),
        ({"text": None}, "empty_text"),
        ({"text": None, "full_text": "Kein Netz"}, "missing_field"),
        ({"text": 5}, "wrong_type"),
        ({"text": ""}, "empty_text"),
        ({"text": " \u200b\n<br> "}, "empty_text"),
        ({"text": "\x00\x00"}, "empty_text"),
    ],
)
def test_bad_fields(fields: dict[str, Any], expected: str) -> None:
    assert reason_of(**fields) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"{", "broken_json"),
        (b"not json", "broken_json"),
        (b'{"id": NaN}', "missing_field"),
        (b'{"id": NaN', "broken_json"),
        (b"\xef\xbb\xbf" * 1_000, "broken_json"),
        (b"\x00\x00\x00", "broken_json"),
        (b'{"id": "\xff\xfe"}', "broken_json"),
        (b'{"id": "\xed\xa0\x80"}', "broken_json"),
        (b'{"id": "a\nb"}', "broken_json"),
        (b"[]", "wrong_type"),
        (b"null", "wrong_type"),
        (b'"post"', "wrong_type"),
        (b"{}", "missing_field"),
        (b'{"x":' + b"[" * 10_000 + b"]" * 10_000 + b"}", "too_deep"),
        (b'{"x":' + b'{"x":' * 10_000, "too_deep"),
    ],
)
def test_bad_lines(line: bytes, expected: str) -> None:
    assert reason(line) == expected


def test_a_line_is_measured_before_it_is_parsed() -> None:
    assert reason(b"[" * 70_000) == "too_large"
    assert reason(b"[" * 2_000, max_record_bytes=1_000) == "too_large"
    assert reason(b"[" * 1_000, max_record_bytes=1_000) == "broken_json"


def test_long_values_are_cut_or_dropped() -> None:
    long = post(
        author="a" * 1_000, source="s" * 1_000, url="https://example.org/" + "x" * MAX_URL_CHARS, brand="b" * 1_000
    )
    assert (len(long.author or ""), len(long.source), long.url, len(long.tag or "")) == (MAX_ID_CHARS, 64, None, 100)
    assert len(read(json.dumps(GOOD | {"text": "ab " * 1_000}).encode(), max_text_chars=100).text) <= 100


@pytest.mark.parametrize("lang", ["deutsch?", "x", "12", "-"])
def test_a_language_that_is_no_code_is_unknown(lang: str) -> None:
    assert post(lang=lang).lang is None


def test_half_an_emoji_does_not_cost_the_post() -> None:
    line = (
        rb'{"id": "\udc00 1", "created_at": "2025-06-01T12:00:00Z", "text": "\\ud83d \ud83d\ude00 \ud83d und \\\ud83d"}'
    )
    repaired = read(line)
    assert repaired.text == "\\ud83d \U0001f600 \ufffd und \\\ufffd"
    assert repaired.id == "\ufffd 1"
    assert post_from_bytes(repaired.to_bytes()) == repaired


def test_byte_order_marks_are_skipped_however_many() -> None:
    for number in (1, 2, 1_000):
        assert read(b"\xef\xbb\xbf" * number + json.dumps(GOOD).encode()) == post()


def test_numbers_that_json_does_not_have_count_as_absent_but_stay_in_texts() -> None:
    line = (
        b'{"id": 1, "created_at": "2025-06-01T12:00:00Z", "text": "NaN \\"Infinity", "likes": NaN, "author": -Infinity}'
    )
    assert read(line) == Post("1", "file", GOOD_MS, 'NaN "Infinity')


def test_html_becomes_text() -> None:
    assert post(text="<p>Kein&nbsp;Netz<br>bei <b>Nordtel</b></p>").text == "Kein Netz bei Nordtel"


def test_a_post_without_text_is_no_defect() -> None:
    normaliser = Normaliser(IngestSettings(), "file")
    for text in ("", None, " \u200b<br>"):
        assert normaliser.record(json.dumps(GOOD | {"text": text}).encode(), NOW_MS) is None
    with pytest.raises(RecordError, match="missing_field"):
        normaliser.record(json.dumps(GOOD | {"text": None, "body": "Kein Netz"}).encode(), NOW_MS)


def test_no_optional_field_costs_the_post_and_each_oddity_is_counted() -> None:
    normaliser = Normaliser(IngestSettings(), "file")
    odd = {
        "likes": "1.2k",
        "reposts": -2,
        "lang": ["de"],
        "author": {"username": "kim"},
        "url": 7,
        "repost_of": {"id": 3},
    }
    got = normaliser.post(json.dumps(GOOD | odd | {"source": 5}).encode(), NOW_MS)
    assert got == Post("1", "5", GOOD_MS, GOOD["text"], author="kim", lang="de", repost_of="3", engagement=1_200)
    assert normaliser.altered == {
        ("likes", "converted"): 1, ("reposts", "converted"): 1, ("lang", "converted"): 1, ("author", "converted"): 1,
        ("source", "converted"): 1, ("repost_of", "converted"): 1, ("url", "left_out"): 1,
    }  # fmt: skip


def test_an_integer_that_became_a_float_on_its_way_is_still_the_same_id() -> None:
    assert post(id=17.0) == post(id=17) == post(id="17")


def test_hidden_characters_in_ids_and_sources_are_shown_and_keep_posts_apart() -> None:
    hostile = post(id="a\x9b31m\u202e", source="so\x9b2Jurce", url="http://e/\x9b2J\u202e", brand="Nord\u200btel")
    assert (hostile.id, hostile.source, hostile.url) == ("a\\u009b31m\\u202e", "so\\u009b2Jurce", None)
    assert hostile.tag == "Nordtel"
    assert post(id="a\u200b").key != post(id="a").key


def test_a_refused_time_is_shown_and_can_not_command_a_terminal() -> None:
    with pytest.raises(RecordError, match=r"'created_at' is '\ufffd\[2J14\.11\.2023 22:13'"):
        post(created_at="\x1b[2J14.11.2023 22:13")


def test_details_never_quote_the_text() -> None:
    private = "Zwiebelkuchen"
    for fields in ({"text": [private]}, {"id": private * 100}, {"id": [private]}):
        with pytest.raises(RecordError) as refused:
            post(**fields)
        assert private not in str(refused.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(st.binary(max_size=200))
def test_no_bytes_crash_it(line: bytes) -> None:
    with pytest.raises(RecordError):
        read(line)


@given(
    st.dictionaries(st.sampled_from([*GOOD, "author", "lang", "url", "brand", "repost_of", "likes", "source"]), JSON)
)
def test_no_values_crash_it_and_what_passes_can_be_read_back(fields: dict[str, Any]) -> None:
    try:
        result = post(**fields)
    except RecordError:
        return
    assert post_from_bytes(result.to_bytes()) == result
    assert result.key


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"id": None}, "id"),
        ({"id": ""}, "id"),
        ({"id": "x" * (MAX_ID_CHARS + 1)}, "id"),
        ({"id": []}, "id"),
        ({"id": 0.5}, "id"),
        ({"text": 5}, "text"),
        ({"text": None, "body": "Kein Netz"}, "text"),
        ({"created_at": None}, "created_at"),
        ({"created_at": []}, "created_at"),
        ({"created_at": "gestern"}, "created_at"),
        ({"created_at": "2025-06-01"}, "created_at"),
        ({"created_at": 1e300}, "created_at"),
        ({"created_at": 0}, "created_at"),
        ({"created_at": "2099-01-01T00:00:00Z"}, "created_at"),
        ({"delete": "yes"}, "delete"),
    ],
)
def test_an_error_names_the_field_that_it_is_about(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(RecordError) as refused:
        Normaliser(IngestSettings(), "file").record_of(GOOD | fields, NOW_MS)
    assert refused.value.field == field


def test_an_error_about_the_whole_line_names_no_field() -> None:
    with pytest.raises(RecordError) as refused:
        Normaliser(IngestSettings(), "file").record(b"{", NOW_MS)
    assert refused.value.field == ""
