"""The phrases of one language, complete by type: a language that lacks one can't be built."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from detectors.base import Label, Severity
    from detectors.reasons import ReasonCode
    from streams.config import Language
    from streams.records import AlertStep, VerdictValue

    Forms = Mapping[str, str]
    """A phrase with a number by the plural category of CLDR (``one``, ``other``, ...), for ``{n}`` of something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Durations:
    """The words for a span of time.

    Parameters
    ----------
    seconds, minutes, hours, days
        A span in one unit, as in "it lasted 2 days"; there are at least two days.
    in_days
        The same days after a preposition, as in "in 2 days", where the language inflects them.
    short_hours, short_minutes
        The parts of "1 h 47 min".
    """

    seconds: Forms
    minutes: Forms
    hours: Forms
    days: Forms
    in_days: Forms
    short_hours: str
    short_minutes: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MomentPhrases:
    """The words around a moment; the second of two is for a moment of another day.

    Parameters
    ----------
    day_pattern
        Pattern of CLDR for a date.
    clock
        A time of day ``{time}`` with the abbreviation of its ``{zone}``.
    zones
        Abbreviations that differ from those of the tz database.
    at, since
        A moment, and a beginning, of the ``{clock}`` on a ``{day}``.
    between
        From a ``{start}`` to an ``{end}``, on their ``{start_day}`` and ``{end_day}``.
    """

    day_pattern: str
    clock: str
    zones: Mapping[str, str]
    at: tuple[str, str]
    since: tuple[str, str]
    between: tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryPhrases:
    """The parts of the sentence that says what is happening.

    Parameters
    ----------
    sentence
        The ``{head}`` and the ``{facts}``, which commas join; semicolons separate clauses.
    head, again
        The brand's ``{name}`` with the ``{label}`` of an incident, and without label in an incident that was reopened.
    labels, labels_again
        The label of an incident, and of one that was reopened with the label that it had before.
    in_span, in_time
        The ``{mentions}`` within a ``{span}`` since a beginning (``{time}``), and at a time in other words.
    times, usually_none, usually_more
        The mentions as a ``{multiple}`` of the usual ones, where there are usually none, and where usually more.
    record
        More mentions in an hour than ever since a ``{day}``.
    negative, usually
        The ``{share}`` of negative mentions, and the usual one.
    accounts, unknown_accounts, without_account
        Distinct authors, mentions of whom none is known, and the number of mentions whose author is not.
    half, most
        Half of the mentions come from a few accounts, and a ``{share}`` of them from one; a clause of its own.
    new
        Most authors are new.
    reposts
        Most mentions are reposts.
    about
        The ``{terms}`` that stand out; a clause of its own.
    """

    sentence: str
    head: str
    again: str
    labels: Mapping[Label, str]
    labels_again: Mapping[Label, str]
    in_span: str
    in_time: str
    times: str
    usually_none: str
    usually_more: str
    record: str
    negative: str
    usually: str
    accounts: Forms
    unknown_accounts: str
    without_account: Forms
    half: Forms
    most: str
    new: str
    reposts: str
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePhrases:
    """The sentences that say what has changed since the step before.

    Parameters
    ----------
    severity
        A ``{new}`` severity after an ``{old}`` one.
    pages
        It was suppressed and no longer is.
    label, first_label
        A ``{new}`` label after an ``{old}`` one, and after none.
    detectors
        The ``{names}`` of further detectors that fire, by the plural category of their number.
    times
        A ``{multiple}`` of the mentions as of the step before (``{at}``).
    more
        The number of mentions since the step before (``{at}``).
    reopened, over_before, earlier
        It was reopened; it had been over (``{at}``), and had the ``{mentions}`` since it was first seen (``{since}``).
    late
        The number of mentions that have arrived late.
    over, peak
        It is over after a ``{span}``, with the ``{mentions}`` of its busiest hour.
    """

    severity: str
    pages: str
    label: str
    first_label: str
    detectors: Forms
    times: str
    more: Forms
    reopened: str
    over_before: str
    earlier: str
    late: Forms
    over: str
    peak: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonPhrases:
    """The sentences of the detectors.

    Parameters
    ----------
    sentences
        The sentence of each code, with the facts that `detectors.reasons` lists; ``{span}`` is their `hours` after a
        preposition, ``{lasting}`` without one, and ``{rarity}`` how rarely chance causes such a thing.
    features
        The parts of the sentence ``features``.
    model_features
        The features that a detector of river reads.
    some_reposts
        The part of the sentence ``crisis`` about ``{reposts}``, where there are some.
    once_in, rarer
        How rarely chance causes it: once in ``{n}`` days, and more rarely than in ten years.
    almost_none
        A usual number of nearly nothing.
    coarse
        The times of posts are too coarse for a high severity.
    """

    sentences: Mapping[ReasonCode, str]
    features: Mapping[str, str]
    model_features: Mapping[str, str]
    some_reposts: str
    once_in: Forms
    rarer: str
    almost_none: str
    coarse: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatPhrases:
    """The phrases of messages in a chat that no alert has.

    Parameters
    ----------
    moment
        The ``{clock}`` on a ``{day}``.
    terms
        The ``{terms}`` that stand out, and how often they occur.
    quoted, copies, open_post
        The ``{text}`` of a post, the number ``{n}`` of posts with it, and the link to it.
    posts, post
        Links to posts, the first with the words before it, and the link to the post of a number ``{n}``.
    incident
        The ``{id}`` of an incident, and the ``{moment}`` since when there is one.
    ack, judge
        The command line ``{ack}`` that records that somebody has taken an open incident, and those that record whether
        one that is over was real (``{confirm}``) or none (``{false_alarm}``).
    dashboard
        The link of an alert.
    verdicts, muted, note
        A verdict ``{by}`` an operator, a silence of the brand (``{name}``) up to a ``{severity}`` ``{until}`` a moment,
        and the operator's ``{note}``.
    dated
        A verdict with its ``{moment}``.
    """

    moment: str
    terms: str
    quoted: str
    copies: str
    open_post: str
    posts: str
    post: str
    incident: str
    ack: str
    judge: str
    dashboard: str
    verdicts: Mapping[VerdictValue, str]
    muted: str
    note: str
    dated: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """Everything that is worded in one language; names in braces are filled in.

    Parameters
    ----------
    language, locale
        Code of the language in alerts, and its locale of CLDR, which formats numbers and dates.
    less_than, more_than
        A ``{share}`` that would be rounded to nothing or to everything.
    about
        An estimated or rounded number ``{n}``.
    multiple, multiples
        A multiple by its number ``{n}``, and the small whole ones that have a word.
    small_numbers
        Words for the numbers from 1 to 10, as in "from ten accounts".
    mentions
        A number of mentions.
    severities, steps, units
        Words for the codes of an alert, and for the units of detectors.
    suppressions, not_paged, occasion
        Reasons for which an alert does not page, the sentence about such a ``{reason}``, and a reason with the
        ``{name}`` of the event in the config.
    """

    language: Language
    locale: str
    less_than: str
    more_than: str
    about: str
    multiple: str
    multiples: Mapping[int, str]
    small_numbers: tuple[str, ...]
    mentions: Forms
    severities: Mapping[Severity, str]
    steps: Mapping[AlertStep, str]
    units: Mapping[str, str]
    suppressions: Mapping[str, str]
    not_paged: str
    occasion: str
    durations: Durations
    moments: MomentPhrases
    summary: SummaryPhrases
    changes: ChangePhrases
    reasons: ReasonPhrases
    chat: ChatPhrases
