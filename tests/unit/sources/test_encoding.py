"""Text in other encodings becomes UTF-8."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.errors import InputError
from streams.sources.encoding import WINDOWS_1252, as_utf8, narrow_encoding, utf8_of, wide_encoding

GERMAN = "\n".join(f'{{"id":{number},"text":"Störung in Köln, für Gäste geschlossen"}}' for number in range(50))
WIDE = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
BOMS = {
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
    "utf-32-le": codecs.BOM_UTF32_LE,
    "utf-32-be": codecs.BOM_UTF32_BE,
}


@pytest.mark.parametrize("encoding", WIDE)
@pytest.mark.parametrize("text", ['{"id":1,"text":"日本語"}', "[{", "id,created_at,text\n", '{"'])
@pytest.mark.parametrize("marked", [True, False])
def test_wide_encodings_are_recognised_with_a_byte_order_mark_and_without(
    encoding: str, text: str, marked: bool
) -> None:
    head = (BOMS[encoding] if marked else b"") + text.encode(encoding)
    found = wide_encoding(head)
    assert found is not None
    assert b"".join(as_utf8(iter([head]), found, is_final=True)).decode() == text


@pytest.mark.parametrize("head", [b'{"id":1}', "{Größe}".encode(), b"", b"{", b"\0\0\n", codecs.BOM_UTF8 + b"{}"])
def test_narrow_text_is_not_taken_for_a_wide_one(head: bytes) -> None:
    assert wide_encoding(head) is None


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufeff")), st.sampled_from(WIDE), st.data())
def test_text_is_the_same_however_its_blocks_are_cut(text: str, encoding: str, data: st.DataObject) -> None:
    whole = BOMS[encoding] + text.encode(encoding)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=5)))
    blocks = [whole[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    assert b"".join(as_utf8(iter(blocks), encoding, is_final=True)) == text.encode()


def test_half_a_character_at_the_end_is_left_out_while_the_text_grows() -> None:
    half = "aä".encode("utf-16-le")[:-1]
    assert b"".join(as_utf8(iter([half]), "utf-16-le", is_final=False)) == b"a"
    assert b"".join(as_utf8(iter([half]), "utf-16-le", is_final=True)).decode() == "a\ufffd"


def test_german_in_windows_1252_is_recognised_and_read() -> None:
    assert narrow_encoding(GERMAN.encode(WINDOWS_1252), "posts") == WINDOWS_1252
    assert utf8_of("„Störung“ für 5 €".encode(WINDOWS_1252)).decode() == "„Störung“ für 5 €"
    assert utf8_of(b"\x81 is in no character set").decode() == "\ufffd is in no character set"


def test_utf_8_stays_what_it_is_also_where_the_block_is_cut_within_a_character() -> None:
    block = GERMAN.encode()
    for end in range(len(block) - 60, len(block)):
        assert narrow_encoding(block[:end], "posts") == "utf-8"
    assert utf8_of(block) == block


def test_a_few_broken_lines_do_not_change_the_encoding_of_the_others() -> None:
    broken = b"\n".join([GERMAN.encode(), b'{"text":"\xff\xfe\x80"}', b"\xff" * 20])
    assert narrow_encoding(broken, "posts") == "utf-8"


def test_one_line_of_noise_among_ascii_does_not_refuse_a_source() -> None:
    assert narrow_encoding(b"\n".join([b'{"id":1}'] * 20 + [b"\x80\xff\x90" * 20]), "posts") == "utf-8"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Нет связи уже третий час, когда починят?", "cp1251"),
        ("Нет связи уже третий час, когда починят?", "koi8-r"),
        ("昨日からずっと電波が入りません。いつ直りますか", "shift_jis"),
        ("已经三个小时没有信号了,什么时候能修好", "gb18030"),
    ],
)
def test_an_encoding_that_can_not_be_guessed_is_refused_with_the_option_that_names_it(text: str, encoding: str) -> None:
    whole = "".join(f"{number},{text}\n" for number in range(20))
    with pytest.raises(InputError, match=r"posts: .* name it by --encoding, such as --encoding cp1251"):
        narrow_encoding(whole.encode(encoding), "posts")
    assert b"".join(as_utf8(iter([whole.encode(encoding)]), encoding, is_final=True)).decode() == whole


def test_a_binary_file_is_refused() -> None:
    noise = b"\n".join(bytes([0x80 + number, 1, 2, 3, 0xFF, 0xC0, 5]) * 9 for number in range(20))
    with pytest.raises(InputError, match="posts: is no text but a binary file"):
        narrow_encoding(noise, "posts")
