"""Which records of a partition count as repeats, and which as edits."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from streams.core.score.deduplication import MAX_VERSIONS, Deduplicator, NewInPost
from streams.records import Deletion, Post


def post(id: str, source: str = "forum", text: str = "text", tag: str | None = None) -> Post:
    return Post(id, source, 0, text, tag=tag)


def named(text: str, tag: str | None) -> list[str]:
    return [brand for brand in ("acme", "nordtel", "fjell") if brand in text or brand == tag]


def is_repeat(deduplicator: Deduplicator, record: Post | Deletion | None) -> bool:
    return deduplicator.new_in(record, named) is None


def brands(deduplicator: Deduplicator, *records: Post | Deletion | None) -> list[list[str] | None]:
    found = [deduplicator.new_in(record, named) for record in records]
    return [None if new is None else list(new[0]) for new in found]


def test_the_same_id_in_another_source_is_another_post() -> None:
    deduplicator = Deduplicator(recent_ids=10)
    assert not is_repeat(deduplicator, post("a", "forum"))
    assert not is_repeat(deduplicator, post("a", "news"))


def test_a_colon_in_a_source_does_not_make_two_posts_one() -> None:
    deduplicator = Deduplicator(recent_ids=10)
    assert not is_repeat(deduplicator, post("15", "rss:daily"))
    assert not is_repeat(deduplicator, post("daily:15", "rss"))


def test_an_edit_counts_for_the_brands_that_no_version_has_named() -> None:
    texts = ("typo", "acme", "acme", "acme and nordtel", "nordtel alone", "sorry", "typo", "fjell, acme")
    expected: list[list[str] | None] = [[], ["acme"], None, ["nordtel"], None, None, None, ["fjell"]]
    assert brands(Deduplicator(recent_ids=100), *(post("a", text=text) for text in texts)) == expected


def test_another_tag_is_an_edit_too_but_other_fields_are_not() -> None:
    deduplicator = Deduplicator(recent_ids=10)
    assert brands(deduplicator, post("a"), post("a", tag="acme")) == [[], ["acme"]]
    assert is_repeat(deduplicator, post("a", tag="acme")._replace(engagement=9, ts_ms=5))


def test_repeats_unusable_records_and_deletions_count_as_records() -> None:
    deduplicator = Deduplicator(recent_ids=3)
    is_repeat(deduplicator, post("a"))
    is_repeat(deduplicator, None)
    is_repeat(deduplicator, post("b"))
    assert is_repeat(deduplicator, post("a"))
    is_repeat(deduplicator, None)
    is_repeat(deduplicator, Deletion("c", "forum"))
    is_repeat(deduplicator, None)
    assert not is_repeat(deduplicator, post("a"))


def test_a_post_after_its_deletion_is_a_repeat_whatever_it_says_then() -> None:
    deduplicator = Deduplicator(recent_ids=3)
    is_repeat(deduplicator, Deletion("a", "forum"))
    assert is_repeat(deduplicator, post("a"))
    assert is_repeat(deduplicator, post("a", text="acme"))


def test_without_recent_ids_nothing_is_a_repeat() -> None:
    deduplicator = Deduplicator(recent_ids=0)
    assert [is_repeat(deduplicator, post("a")) for _ in range(3)] == [False, False, False]


def test_a_post_that_is_edited_without_end_is_read_as_an_edit_a_bounded_number_of_times() -> None:
    deduplicator = Deduplicator(recent_ids=1_000)
    for number in range(MAX_VERSIONS):
        deduplicator.new_in(post("a", text=f"text {number}"), named)
    assert is_repeat(deduplicator, post("a", text="acme"))


def test_matching_is_not_repeated_for_a_repeat() -> None:
    asked: list[str] = []

    def match(text: str, _tag: str | None) -> list[str]:
        asked.append(text)
        return []

    deduplicator = Deduplicator(recent_ids=10)
    for text in ("one", "one", "two", "one"):
        deduplicator.new_in(post("a", text=text), match)
    assert asked == ["one", "two"]


def reference(records: list[Post | Deletion | None], recent_ids: int) -> list[NewInPost | None]:
    """Compare each record with all of the last ones."""
    found: list[NewInPost | None] = []
    for number, record in enumerate(records):
        before = records[max(0, number - recent_ids) : number]
        versions = [each for each in before if each and record and each.id == record.id]
        posts = [each for each in versions if isinstance(each, Post)]
        if not isinstance(record, Post) or len(posts) < len(versions) or record in posts:
            found.append(None)
            continue
        known = {brand for each in posts for brand in named(each.text, each.tag)}
        new = [brand for brand in named(record.text, record.tag) if brand not in known]
        found.append((new, bool(posts)) if new or not posts else None)
    return found


RECORDS = st.lists(
    st.none()
    | st.builds(Deletion, st.sampled_from("abc"), st.just("forum"))
    | st.builds(post, st.sampled_from("abc"), text=st.sampled_from(["", "acme", "acme nordtel", "fjell", "nordtel x"])),
    max_size=60,
)


@given(RECORDS, st.integers(0, 12))
def test_it_is_a_function_of_the_last_records_alone(records: list[Post | Deletion | None], recent_ids: int) -> None:
    whole = Deduplicator(recent_ids)
    assert [whole.new_in(record, named) for record in records] == reference(records, recent_ids)


@given(RECORDS, st.integers(1, 12), st.data())
def test_one_that_reads_as_many_records_before_its_position_decides_the_same(
    records: list[Post | Deletion | None], recent_ids: int, data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(records)))
    warmed = Deduplicator(recent_ids)
    for record in records[max(0, cut - recent_ids) : cut]:
        warmed.new_in(record, named)
    assert [warmed.new_in(record, named) for record in records[cut:]] == reference(records, recent_ids)[cut:]


def test_what_is_remembered_is_bounded() -> None:
    deduplicator = Deduplicator(recent_ids=10)
    texts = [f"{brand} {number}" for number in range(50) for brand in ("acme", "nordtel")]
    for before, text in pairwise(texts):
        deduplicator.new_in(post("a", text=text), named)
        deduplicator.new_in(post(before, text=text), named)
    assert len(deduplicator._records) == 10
    assert len(deduplicator._known) <= 10
