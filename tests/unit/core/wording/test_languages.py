"""Every language says everything, in its own words, and never fails."""

from __future__ import annotations

import dataclasses
import math
import re
from typing import TYPE_CHECKING, Any, Final, get_args, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.base import Label, Severity, Suppression
from detectors.reasons import ReasonCode
from detectors.registry import KINDS
from detectors.river_adapter import FEATURES
from streams.config import Language
from streams.core.incidents.incident import IncidentState, ReportedStep
from streams.core.incidents.summary import summarise
from streams.core.wording.english import ENGLISH
from streams.core.wording.formats import Formats
from streams.core.wording.german import GERMAN
from streams.core.wording.languages import PHRASES
from streams.records import Alert, AlertStep, VerdictValue
from tests.support.paths import ROOT
from tests.support.wording import BEFORE, as_lines, every_step, facts, formats, golden, told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

every_language = pytest.mark.parametrize("language", get_args(Language))

NOT_WORDED: Final = ("language", "locale", "day_pattern", "zones", "chat")
"""Fields that are no phrases of alerts."""


def leaves(phrases: Any, path: str = "", *, every: bool = False) -> Iterator[tuple[str, str]]:
    """Yield each phrase with its path; those that are no phrases of alerts only if every one is asked for."""
    if isinstance(phrases, str):
        yield path, phrases
    elif isinstance(phrases, dict):
        for key, each in phrases.items():
            yield from leaves(each, f"{path}[{key}]", every=every)
    elif isinstance(phrases, tuple):
        for place, each in enumerate(phrases):
            yield from leaves(each, f"{path}[{place}]", every=every)
    else:
        for field in dataclasses.fields(phrases):
            if every or field.name not in NOT_WORDED:
                yield from leaves(getattr(phrases, field.name), f"{path}.{field.name}", every=every)


def mapped(phrases: Any, change: Callable[[str], str]) -> Any:
    """Return the phrases with each one changed."""
    if isinstance(phrases, str):
        return change(phrases)
    if isinstance(phrases, dict):
        return {key: mapped(each, change) for key, each in phrases.items()}
    if isinstance(phrases, tuple):
        return tuple(mapped(each, change) for each in phrases)
    fields = [field.name for field in dataclasses.fields(phrases) if field.name not in NOT_WORDED]
    return dataclasses.replace(phrases, **{name: mapped(getattr(phrases, name), change) for name in fields})


def words(text: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[^\W\d_]{3,}", re.sub(r"\{\w+\}", " ", text))}


def test_every_language_of_the_config_has_its_phrases() -> None:
    assert set(PHRASES) == set(get_args(Language)) == set(get_args(get_type_hints(Alert)["language"]))
    assert all(phrases.language == language for language, phrases in PHRASES.items())


@every_language
def test_every_code_has_a_word(language: Language) -> None:
    phrases = PHRASES[language]
    assert set(phrases.severities) == set(get_args(Severity))
    assert set(phrases.steps) == set(get_args(AlertStep))
    assert set(phrases.suppressions) == set(get_args(Suppression))
    assert set(phrases.summary.labels) == set(phrases.summary.labels_again) == set(get_args(Label))
    assert set(phrases.reasons.sentences) == set(get_args(ReasonCode))
    assert set(phrases.reasons.model_features) == set(FEATURES)
    assert set(phrases.units) == {kind.unit for kind in KINDS.values()}
    assert set(phrases.chat.verdicts) == set(get_args(VerdictValue))
    assert len(phrases.small_numbers) == 10


@every_language
def test_a_phrase_is_filled_in_with_the_same_names_in_all_languages(language: Language) -> None:
    """But for the number, for which a form may have a word; a span may be inflected by a preposition or not."""

    def names(phrase: str) -> set[str]:
        return set(re.findall(r"{(\w+)}", phrase.replace("{lasting}", "{span}"))) - {"n"}

    english = {path: names(phrase) for path, phrase in leaves(ENGLISH, every=True)}
    for path, phrase in leaves(PHRASES[language], every=True):
        assert names(phrase) == english.get(path, set()), path


@every_language
def test_sentences_are_as_they_were_read_aloud(language: Language) -> None:
    """After a change: ``python -m tests.support.wording``, and read the difference."""
    assert as_lines(told(formats(language))) == golden(language).read_text()


@every_language
def test_every_phrase_is_used_somewhere(language: Language) -> None:
    paths = {path: number for number, (path, _) in enumerate(leaves(PHRASES[language]))}
    numbers = iter(paths.values())
    marked = mapped(PHRASES[language], lambda phrase: f"⟦{next(numbers)}⟧{phrase}")
    assert [path for path, _ in leaves(marked)] == list(paths)
    everything = as_lines(told(Formats(marked, "Europe/Berlin")))
    assert [path for path, number in paths.items() if f"⟦{number}⟧" not in everything] == []


def test_german_alerts_have_no_english_words() -> None:
    english = set().union(*(words(text) for _, text in leaves(ENGLISH)))
    german = set().union(*(words(text) for _, text in leaves(GERMAN)))
    assert {"mentions", "about", "usually", "over"} <= english - german
    for name, text in told(formats("de")).items():
        assert words(text) & (english - german) == set(), name


@every_language
def test_no_break_spaces_of_cldr_become_ordinary_ones(language: Language) -> None:
    """Alerts are searched, copied and matched as text: a person types "45 %" with the space bar."""
    everything = as_lines(told(formats(language)))
    assert not set(everything) & set("\u00a0\u202f\u2009")
    assert "None" not in everything.replace(" None:", "")


@pytest.mark.parametrize(
    ("language", "case", "said"),
    [
        ("de", "reopen crisis", "Nordtel, erneute Krise: "),
        ("de", "reopened with another label", "Nordtel, Krise: "),
        ("de", "resolve crisis", "Abgeklungen nach 1 Std. 47 Min., "),
        ("de", "two days over", "Abgeklungen nach 2 Tagen, "),
        ("de", "open surge", "Nordtel, plattformweit erhöhtes Aufkommen: "),
        ("de", "ten authors", "; die Hälfte der Beiträge stammt von zehn Accounts; "),
        ("de", "maintenance of a name", "Kein Alarm: Wartungsfenster (Umzug der Server)."),
        ("de", "open crisis", "seit 15:35 MEZ, etwa 40-mal so viele wie üblich, 80 % negativ (sonst 22 %), "),
        ("de", "escalate crisis", "Jetzt kritisch (vorher Warnung), "),
        ("de", "usually none", ", sonst fast keine, "),
        ("en", "five days over", "Over after 5 days, "),
        ("en", "resolve crisis", "Over after 1 h 47 min, peak 132 mentions in an hour."),
        ("en", "ten authors", "; half of the mentions come from ten accounts; "),
        ("en", "maintenance of a name", "Not paged: maintenance (Umzug der Server)."),
        ("en", "escalate crisis", "Now critical (was warning), label now crisis, twice as many mentions as at 15:35"),
        ("en", "all at once", "no longer suppressed, label now crisis (was praise), "),
        ("en", "open crisis", "since 15:35 CET, about 40 times the usual, 80% negative (usually 22%), "),
        ("en", "estimated authors", "from about 23,000 accounts"),
        ("en", "more authors than mentions", "from 87 accounts"),
        ("en", "usually none", ", usually none, "),
    ],
)
def test_phrases_that_readers_wait_for(language: Language, case: str, said: str) -> None:
    assert said in told(formats(language))[case]


@pytest.mark.parametrize(
    ("count", "minutes", "usual", "is_told"),
    [(9, 30, 3.0, False), (10, 30, 3.0, True), (400, 300, 0.09, False), (400, 300, 0.6, True), (1, 1, 0.00001, False)],
)
def test_no_multiple_of_nearly_nothing_is_told(count: int, minutes: float, usual: float, is_told: bool) -> None:
    """One mention after months of silence was told as 90,920 times the usual."""
    text = summarise(formats("en"), facts(count=count, minutes=minutes, usual=usual))
    assert ("times the usual" in text) == is_told


shares = st.floats(0, 1)
counts = st.integers(0, 10**9)
states = st.builds(
    IncidentState,
    st.sampled_from(get_args(Severity)),
    st.none() | st.sampled_from(get_args(Suppression)),
    st.none() | st.sampled_from(get_args(Label)),
    st.frozensets(st.sampled_from(["a", "b"])),
)
told_before = st.builds(
    ReportedStep, st.sampled_from(get_args(AlertStep)), states, counts, counts, st.integers(0, 4 * 10**12)
)


@given(data=st.data())
def test_whatever_happens_is_told_in_whole_sentences(data: st.DataObject) -> None:
    draw = data.draw
    before = draw(st.none() | told_before)
    now = draw(states)
    incident = {
        "severity": now.severity, "suppressed": now.suppressed, "label": now.label, "fired": set(now.fired),
        "reopened": draw(st.integers(0, 3)), "earlier": draw(counts), "first_ms": draw(st.integers(0, 4 * 10**12)),
        "occasion": draw(st.sampled_from(["", "Umzug", "a.", "%s"])),
    }  # fmt: skip
    known = facts(
        count=draw(counts),
        authors=draw(counts),
        estimated=draw(st.booleans()),
        reposts=draw(counts),
        minutes=draw(st.floats(0, 10**6)),
        start_ms=draw(st.integers(0, 4 * 10**12)),
        step=draw(st.sampled_from(get_args(AlertStep))),
        over=draw(st.booleans()),
        previous=before,
        late=draw(counts),
        incident=incident,
        negative=draw(shares),
        drivers={
            "authors_of_half": draw(st.none() | st.integers(1, 10)), "newcomer_share": draw(st.none() | shares),
            "usual_newcomer_share": draw(st.none() | shares),
            "mentions_without_author": draw(st.none() | st.integers(1, 10**9)),
        },
        usual=draw(st.none() | st.floats(0, 10**7)),
        usual_negative=draw(st.none() | shares),
        busiest=draw(counts),
        peaks=draw(st.dictionaries(st.integers(0, 4 * 10**12), st.integers(1, 10**9), max_size=2)),
        top=draw(shares),
        terms=tuple(draw(st.lists(st.sampled_from(["x", "ein netz"]), max_size=4))),
    )  # fmt: skip
    zone = draw(st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kolkata", "America/St_Johns", "Pacific/Apia"]))
    for phrases in PHRASES.values():
        text = summarise(Formats(phrases, zone), known)
        assert text.startswith("Nordtel")
        assert text.endswith((".", "!"))
        assert not re.search(r"\b(?:None|nan|inf)\b|[{}]|  | [,;.]|,,|;;|\.\.", text), text


@every_language
def test_the_documentation_shows_sentences_as_they_are(language: Language) -> None:
    """The table of docs/alerts.md; the detectors of the cases have no names of their own."""
    texts = {text.replace(" d2 ", " tone ") for text in told(formats(language)).values()}
    rows = re.findall(
        r"^\| `?(\w+)`? \| (Nordtel.*?) \| (Nordtel.*?) \|$", (ROOT / "docs" / "alerts.md").read_text(), re.MULTILINE
    )
    assert {step for step, _, _ in rows} >= set(get_args(AlertStep))
    assert {row[1 if language == "en" else 2] for row in rows} <= texts


def test_every_step_is_told_and_says_what_changed() -> None:
    assert {step.split()[0] for step, _ in every_step()} == set(get_args(AlertStep))
    assert BEFORE.mentions * 2 == facts().change.mentions.count
    assert math.isclose(facts().split.negative, 0.8)
