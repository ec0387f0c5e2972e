"""YAML as plain values: what stays as it is written, and that everything else is a problem with its place."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from streams.config.yaml_document import parse
from streams.errors import ConfigError

FILE = Path("file.yaml")


def tree(text: str) -> Any:
    return parse(text.encode(), FILE).tree


@pytest.mark.parametrize("text", ["22:00", "1:30", "99:99:99", "2026-02-30", "2026-03-01T10:00:00Z", "0700", "08", "="])
def test_times_dates_and_numbers_that_begin_with_zero_stay_text(text: str) -> None:
    assert tree(f"a: {text}") == {"a": text}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", True), ("No", False), ("on", True), ("OFF", False), ("true", True), ("~", None), ("", None),
        ("7", 7), ("-1_000", -1_000), ("0x1f", 31), ("0b11", 3), ("1.5", 1.5), ("-2.0e+3", -2_000.0), ("'7'", "7"),
        ("!!timestamp 2026-02-30", "2026-02-30"), ("!!str 7", "7"), ("!!float 7", 7.0), ("!!int 0_8", 8),
    ],
)  # fmt: skip
def test_what_files_rely_on_has_its_value(text: str, value: object) -> None:
    found = tree(f"a: {text}")["a"]
    assert (found, type(found)) == (value, type(value))


def test_keys_are_text_as_they_are_written() -> None:
    assert tree("{on: 1, 2026-01-01: 2, 7: 3, null: 4, 22:00 : 5}") == {
        "on": 1, "2026-01-01": 2, "7": 3, "null": 4, "22:00": 5,
    }  # fmt: skip


def test_anchors_and_merges_work() -> None:
    assert tree("a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\nc: [*a, *a]")["b"] == {"x": 1, "y": 3}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: 1\nb: [", "(line 2, column 5)"),
        ("a: 1\nb:\n\t- c", "found character '\\t' that cannot start any token (line 3, column 1)"),
        ("a: 1\na: 2", "the key 'a' appears twice, the first time in line 1 (line 2, column 1)"),
        ("a: 1\nb: {c: 1, c: 2}", "the key 'c' appears twice, the first time in line 2 (line 2, column 11)"),
        ("a: 1\n? [b]\n: c", "a key must be text (line 2, column 3)"),
        ("a: 1\nb: !!int junk", "'junk' is not an integer (line 2, column 4)"),
        ("a: !!int ''", "'' is not an integer (line 1"),
        ("a: !!int [1]", "expected a scalar node"),
        ("a: !!float junk", "'junk' is not a number (line 1"),
        ("a: !!bool junk", "'junk' is neither true nor false (line 1"),
        ("a: !!binary '%'", "the tag 'tag:yaml.org,2002:binary' is not allowed (line 1"),
        ("a: !!set {b}", "the tag 'tag:yaml.org,2002:set' is not allowed (line 1"),
        ("a: !!python/name:os.system x", "python/name:os.system' is not allowed (line 1"),
        ("a: !own x", "the tag '!own' is not allowed (line 1"),
        ("a: .inf", ".inf is not a finite number (line 1"),
        ("a: -.INF", "-.INF is not a finite number (line 1"),
        ("a: .NaN", ".NaN is not a finite number (line 1"),
        ("a: 1.0e+400", "1.0e+400 is not a finite number (line 1"),
        (f"a: 1{'0' * 5_000}", "is too large (line 1"),
        (f"a: 1{'0' * 30}", "is too large (line 1"),
        ("a: 1\nb: &b [*b]", "a value contains itself by an alias (line 2"),
        ("a: &a {<<: *a}", "a value contains itself by an alias (line 1"),
        ("a: *b", "found undefined alias 'b' (line 1"),
        ("a: 1\n--- \nb: 2", "but found another document (line 2"),
        ("a: 1\nb: \0", "the character '\\x00' (line 2)"),
        ('a: 1\nb: "\\0"', "the character '\\x00' is not allowed (line 2"),
        ('a: "\\x1b[31m"', "the character '\\x1b' is not allowed (line 1"),
        ('a: "\\ud800"', "the character '\\ud800' is not allowed (line 1"),
        ('a: "\\UFFFFFFFF"', "(line 1)"),
        ("[" * 3_000, "is nested too deeply"),
    ],
)  # fmt: skip
def test_what_is_no_plain_value_is_refused_at_its_place(text: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        tree(text)
    assert problem in "\n".join(caught.value.problems)
    assert str(caught.value).startswith("file.yaml:")


def test_aliases_that_stand_for_billions_of_values_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(ConfigError, match="more than 1,000,000 values"):
        tree("\n".join(lines))


def test_bytes_of_another_encoding_are_refused_with_their_line() -> None:
    for encoding in ("utf-16", "latin-1"):
        with pytest.raises(ConfigError, match="is not UTF-8"):
            parse("a: ü".encode(encoding), FILE)
    assert parse(b"\xef\xbb\xbfa: 1", FILE).tree == {"a": 1}


scalars = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12) | st.sampled_from(
    ["22:00", "2026-02-30", "1e3", "0o17", "017", "yes", "~", "<<", "=", "1_0", "+1", "-.5", "+.inf", "0x", ".", "-"]
)
values = st.recursive(
    scalars | words, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4)
)


@given(values)
def test_what_pyyaml_writes_is_read_as_it_was(value: object) -> None:
    assert tree(yaml.safe_dump(value, allow_unicode=True)) == value


fragments = st.sampled_from(
    [
        *"abz01:-?,[]{}#&*!|>'\"%@`\t\n \\<=~.",
        *("!!", "---", "...", "&a ", "*a ", "<<: ", "\n  ", ": ", "- ", "\\x", "\\U", "%YAML 1.2\n", "2026-02-30"),
        *("!!int ", "!!float ", "!!timestamp ", "!!binary ", "!!set ", "!!omap ", "!!merge ", "9" * 5_000),
        *("\0", "\ufeff", "\ud800", "\x85", "\u2028"),
    ]
)
texts = st.text() | st.lists(fragments, max_size=30).map("".join)


@given(st.binary() | texts.map(lambda text: text.encode(errors="surrogatepass")))
def test_any_bytes_are_values_or_a_problem(content: bytes) -> None:
    with suppress(ConfigError):
        parse(content, FILE)
