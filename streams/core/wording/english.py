"""Alerts in English."""

from __future__ import annotations

from typing import Final

from streams.core.wording.phrases import (
    ChangePhrases,
    Durations,
    MomentPhrases,
    Phrases,
    ReasonPhrases,
    SummaryPhrases,
)

ENGLISH: Final = Phrases(
    language="en",
    locale="en_GB",
    less_than="less than {share}",
    more_than="more than {share}",
    about="about {n}",
    multiple="{n} times",
    multiples={2: "twice", 3: "three times"},
    small_numbers=("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    mentions={"one": "{n} mention", "other": "{n} mentions"},
    severities={"watch": "watch", "warning": "warning", "critical": "critical"},
    steps={
        "open": "opened", "update": "updated", "resolve": "resolved", "escalate": "escalated", "grow": "grown",
        "correct": "corrected", "reopen": "reopened",
    },
    units={
        "mentions per bucket": "mentions per bucket",
        "mentions per hour": "mentions per hour",
        "negative mentions per bucket": "negative mentions per bucket",
        "share of negative mentions": "share of negative mentions",
        "standard deviations": "standard deviations",
        "reading of the river detector": "reading of the river detector",
    },
    suppressions={
        "cold_start": "too little is known of the brand yet",
        "refractory": "it has just been reported",
        "spam": "spam",
        "surge": "platform-wide surge",
        "outage": "source outage",
        "maintenance": "maintenance",
        "expected": "expected event",
    },
    not_paged="Not paged: {reason}",
    occasion="{reason} ({name})",
    durations=Durations(
        seconds={"one": "{n} second", "other": "{n} seconds"},
        minutes={"one": "{n} minute", "other": "{n} minutes"},
        hours={"one": "{n} hour", "other": "{n} hours"},
        days={"other": "{n} days"},
        in_days={"other": "{n} days"},
        short_hours="{n} h",
        short_minutes="{n} min",
    ),
    moments=MomentPhrases(
        day_pattern="d MMM y",
        clock="{time} {zone}",
        zones={},
        at=("at {clock}", "on {day} at {clock}"),
        since=("since {clock}", "since {day}, {clock}"),
        between=("from {start} to {end}", "from {start_day}, {start} to {end_day}, {end}"),
    ),
    summary=SummaryPhrases(
        sentence="{head}: {facts}",
        head="{name}, {label}",
        again="{name} again",
        labels={
            "crisis": "crisis",
            "praise": "praise",
            "spam": "spam",
            "surge": "platform-wide surge",
            "outage": "source outage",
        },
        labels_again={
            "crisis": "crisis again",
            "praise": "praise again",
            "spam": "spam again",
            "surge": "platform-wide surge again",
            "outage": "source outage again",
        },
        in_span="{mentions} in {span} {time}",
        in_time="{mentions} {time}",
        times="{multiple} the usual",
        usually_none="usually none",
        usually_more="usually {n}",
        record="the most in an hour since {day}",
        negative="{share} negative",
        usually=" (usually {share})",
        accounts={"one": "from one account", "other": "from {n} accounts"},
        unknown_accounts="from unknown accounts",
        without_account={
            "one": "{n} mention without a known account",
            "other": "{n} mentions without a known account",
        },
        half={
            "one": "half of the mentions come from {n} account",
            "other": "half of the mentions come from {n} accounts",
        },
        most="{share} of the mentions come from one account",
        new="most of them new voices",
        reposts="mostly reposts",
        about="about {terms}",
    ),
    changes=ChangePhrases(
        severity="now {new} (was {old})",
        pages="no longer suppressed",
        label="label now {new} (was {old})",
        first_label="label now {new}",
        detectors={"one": "detector {names} now fires too", "other": "detectors {names} now fire too"},
        times="{multiple} as many mentions as {at}",
        more={"one": "{n} more mention than {at}", "other": "{n} more mentions than {at}"},
        reopened="reopened",
        over_before="reported as over {at}",
        earlier="{mentions} before that, {since}",
        late={"one": "corrected: {n} mention arrived late", "other": "corrected: {n} mentions arrived late"},
        over="over after {span}",
        peak="peak {mentions} in an hour",
    ),
    reasons=ReasonPhrases(
        sentences={
            "crisis": "Crisis: about {mentions} in {span} (usually {usual}), {negative} negative (usually "
            "{usual_negative}){some_reposts}; {rarity}",
            "praise": "Praise: about {mentions} in {span} (usually {usual}), {positive} positive (usually "
            "{usual_positive})",
            "spam": "Spam: about {mentions} in {span} (usually {usual}), about {repeated} of which repeat a text and "
            "come from accounts that repeat themselves",
            "surge": "Platform-wide surge: about {mentions} in {span} (usually {usual}), while other brands have "
            "{platform} times their usual",
            "outage": "Source outage: sources of {missing} of the usual mentions deliver nothing",
            "rate": "About {per_hour} mentions an hour over {lasting} (usually {usual}): {rarity}",
            "tone": "About {mentions} in {span}, {negative} of them negative (usually {usual_negative}): "
            "{standard_errors} standard errors above the usual",
            "rate_level": "The level has changed: {level} mentions an hour for about {lasting} (usually {usual}), by "
            "chance {rarity}",
            "tone_level": "The tone has changed: {level} negative for about {lasting} (usually {usual}), by chance "
            "{rarity}",
            "features": "Unusual combination: {features}; {rarity}",
            "model": "{model}: reading {reading} (usually {usual}); {feature}: {number}; {rarity}",
        },
        features={
            "mentions": "{mentions} in {span} (usually {usual_mentions})",
            "velocity": "{velocity} an hour in the last minutes",
            "negative": "{negative} negative (usually {usual_negative})",
            "by_one": "{by_one} from one account (usually {usual_by_one})",
            "reposts": "{reposts} reposts (usually {usual_reposts})",
        },
        model_features={
            "count": "mentions",
            "authors": "accounts",
            "negative_share": "negative share",
            "repost_share": "share of reposts",
            "top_author_share": "share of the most active account",
            "duplicate_share": "share of near-duplicates",
        },
        some_reposts=", {reposts} reposts",
        once_in={"one": "as rare as once a day", "other": "as rare as once in {n} days"},
        rarer="rarer than once in ten years",
        almost_none="almost none",
        coarse="Most posts state their time no finer than a bucket, such as whole hours, so how fast they came is not "
        "known and the severity is warning at most",
    ),
)  # fmt: skip
