"""What is remembered of recent entries, and when each is evicted."""

from __future__ import annotations

from collections import OrderedDict

from hypothesis import given
from hypothesis import strategies as st

from streams.core.recent import RecentMap, RecentSet

KEYS = st.lists(st.sampled_from([None, "a", "b", "c", "d", "e"]), max_size=60)
SIZES = st.integers(min_value=0, max_value=8)


@given(SIZES, KEYS)
def test_added_entries_are_evicted_by_the_number_of_entries_since(size: int, keys: list[str | None]) -> None:
    recent: RecentSet[str] = RecentSet(size)
    for number, key in enumerate(keys):
        before = keys[max(0, number - size) : number]
        assert recent.add(key) == (key is not None and key in before)
        last = {each for each in keys[max(0, number + 1 - size) : number + 1] if each is not None} if size else set()
        assert len(recent) == len(last)
        assert all(each in recent for each in last)


@given(SIZES, KEYS)
def test_reading_the_last_entries_again_restores_the_set(size: int, keys: list[str | None]) -> None:
    whole: RecentSet[str] = RecentSet(size)
    again: RecentSet[str] = RecentSet(size)
    for key in keys:
        whole.add(key)
    for key in keys[len(keys) - size :] if size < len(keys) else keys:
        again.add(key)
    assert [whole.add(key) for key in "abcde"] == [again.add(key) for key in "abcde"]


@given(SIZES, KEYS)
def test_new_keys_are_evicted_in_the_order_in_which_they_were_first_there(size: int, keys: list[str | None]) -> None:
    recent: RecentSet[str | None] = RecentSet(size)
    expected: OrderedDict[str, None] = OrderedDict()
    for key in filter(None, keys):
        assert recent.add_new(key) == (key not in expected)
        expected.setdefault(key)
        if len(expected) > size:
            expected.popitem(last=False)
        assert len(recent) == len(expected)
        assert all(each in recent for each in expected)


@given(SIZES, KEYS)
def test_a_key_has_its_newest_value_until_its_last_entry_is_evicted(size: int, keys: list[str | None]) -> None:
    recent: RecentMap[str, int] = RecentMap(size)
    for number, key in enumerate(keys):
        if key is None:
            recent.add(None)
        else:
            recent.put(key, number)
        oldest = number + 1 - size
        for each in "abcde":
            newest = max((place for place in range(number + 1) if keys[place] == each), default=-1)
            assert recent.get(each) == (newest if newest >= max(oldest, 0) else None)


@given(SIZES, KEYS)
def test_a_new_value_does_not_keep_a_key_any_longer(size: int, keys: list[str | None]) -> None:
    recent: RecentMap[str, int] = RecentMap(size)
    expected: OrderedDict[str, int] = OrderedDict()
    for number, key in enumerate(keys):
        if key is None:
            continue
        recent.put_new(key, number)
        expected[key] = number
        if len(expected) > size:
            expected.popitem(last=False)
        assert {each: recent.get(each) for each in expected} == expected
        assert len(recent) == len(expected)
