"""Attacks from outside and inside, and how far they get."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
import time
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from streams.config import IngestSettings, LearnSettings
from streams.core.ingest.parsing import Normaliser
from streams.core.learn.label_filter import AcceptedLabel
from streams.core.learn.trainer import Trainer
from streams.core.sentiment.f1 import quality
from streams.core.text import clean, language
from streams.core.text.brand_terms import BrandTerms
from streams.core.text.matching import Matcher
from streams.core.text.terms import terms
from streams.errors import MissingPackage, RecordError
from streams.records import SamplePost
from streams.sources.labelled_posts import read_gold
from streams.sources.weights import load_model, read_weights
from streams.workers.receivers.slack.message import MessageFormat
from tests.support.alerts import alert
from tests.support.cli import firewatch
from tests.support.paths import ROOT
from tests.support.replaying import replay

if TYPE_CHECKING:
    from pathlib import Path

    from tests.field.conftest import Recorder

NOW_MS = 1_800_000_000_000
CLEAN_MINUTES = 5.8
MARGIN_MINUTES = 5
HOSTILE_CHARACTERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
LATER = "what a few accounts can do is bounded in another change"

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the stem of a simulated storm of a small brand, critical after `CLEAN_MINUTES`."""
    stem = tmp_path_factory.mktemp("abuse") / "sim9"
    options = ["--seed", "21", "--days", "4", "--brands", "30", "--scenario", "firestorm"]
    assert firewatch("simulate", "--out", f"{stem}.jsonl", *options).returncode == 0
    return stem


@pytest.mark.parametrize(
    ("attack", "later"),
    [
        ("none", None),
        ("future n=12 m=60 ahead=300", None),
        ("lag m=10 n=10 every=4", None),
        ("fake h=6 n=300 acc=2", LATER),
        ("tirade ratio=2", LATER),
        ("tirade ratio=1", LATER),
        ("praise ratio=1 acc=3", LATER),
        ("surge keep=1 permin=20 acc=5", LATER),
    ],
)
def test_an_attacker_does_not_hide_a_storm(
    abuse: Path, simulated: Path, record: Recorder, attack: str, later: str | None
) -> None:
    command = [sys.executable, str(abuse / "poison.py"), str(simulated), *attack.split()]
    environment = {**os.environ, "FW": str(simulated.parent / "fw"), "PYTHONPATH": str(ROOT)}
    runner = simulated.parent / "fw"
    runner.write_text(f'#!/bin/sh\nexec {sys.executable} -m streams.cli "$@"\n', encoding="utf-8")
    runner.chmod(0o700)
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    steps = re.findall(r"^ +(-?[\d.]+) min +\w+ +critical label=\S+ supp=(\w+)", done.stdout, re.MULTILINE)
    paging = [float(minutes) for minutes, suppressed in steps if suppressed == "None" and float(minutes) > 0]
    now = f"critical after {paging[0]} min" if paging else "never critical"
    ok = bool(paging) and paging[0] <= CLEAN_MINUTES + MARGIN_MINUTES
    record(f"poison {attack}", f"critical after about {CLEAN_MINUTES} min", now, ok=ok, later=later)


def test_posts_that_name_all_brands(abuse: Path, tmp_path: Path, record: Recorder) -> None:
    got = replay(abuse / "all_brands.jsonl", abuse / "many.yaml", tmp_path)
    incidents = len({alert["fingerprint"] for alert in got.alerts})
    ok = incidents <= 1
    record("all_brands", "at most one incident", f"{incidents:,}", ok=ok, later=LATER)


def test_two_posts_whose_keys_look_alike(abuse: Path, incoming: Path, tmp_path: Path, record: Recorder) -> None:
    got = replay(abuse / "id_collision.jsonl", incoming / "nordtel.yaml", tmp_path)
    counted = (got.counted + got.late)["nordtel"]
    record("id_collision", "2 posts", counted, ok=counted == 2)


def test_a_run_of_byte_order_marks(abuse: Path, incoming: Path, tmp_path: Path, record: Recorder) -> None:
    got = replay(abuse / "bom.jsonl", incoming / "nordtel.yaml", tmp_path)
    record("bom", "a bad record or a post, no exception", got.last_line[:120], ok="RecursionError" not in got.output)


def test_control_and_bidi_characters(abuse: Path, record: Recorder) -> None:
    kept = []
    for line in (abuse / "c1.jsonl").read_bytes().splitlines():
        try:
            post = Normaliser(IngestSettings(), "forum").post(line, NOW_MS)
        except RecordError:
            continue
        kept += [value for value in (post.id, post.source, post.url) if value and HOSTILE_CHARACTERS.search(value)]
    record("c1", "cleaned or refused", f"{len(kept)} kept raw", ok=not kept)


def test_a_malformed_link_in_slack(record: Recorder) -> None:
    post = SamplePost(id="x1", source="microblog", url="http://[", negative=0.9)
    text = str(MessageFormat({}, "UTC", include_texts=True).incident(alert(samples=[post])))
    record("slack_courier", "the message without the link", "a message", ok="http://[" not in text)


def test_slow_clients_of_the_metrics_server(abuse: Path, record: Recorder) -> None:
    assert abuse.is_dir()
    program = textwrap.dedent("""
        import resource, socket, threading, time, urllib.request
        resource.setrlimit(resource.RLIMIT_NOFILE, (512, 512))
        from streams.runtime.http_server import serve
        port = serve("127.0.0.1", 0, "x", {"/healthz": lambda: (True, {})})
        slow = []
        for _ in range(200):
            try:
                each = socket.create_connection(("127.0.0.1", port), 3)
                each.sendall(b"GET / HTTP/1.1\\r\\nX: ")
                slow.append(each)
            except OSError:
                pass
        time.sleep(1)
        threads = threading.active_count()
        open("/dev/null").close()
        begin = time.monotonic()
        while time.monotonic() < begin + 60:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5).read()
                break
            except OSError:
                time.sleep(0.5)
        else:
            raise SystemExit("no answer for a minute")
        print(threads, round(time.monotonic() - begin))
    """)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=ROOT)
    threads, seconds = map(int, done.stdout.split()) if done.returncode == 0 else (0, 0)
    now = f"{threads} threads, an answer after {seconds} s" if done.returncode == 0 else done.stderr[-160:]
    ok = done.returncode == 0 and threads <= 50 and seconds <= 30
    record("slowloris", "a cap on threads, an answer in time", now, ok=ok)


COSTLY = {
    "title case": "\u01c5" * 10_000,
    "ligature of 18": "\ufdfa" * 10_000,
    "hangul jamo": "\u1100\u1161\u11a8" * 3_333,
    "marks": "a" + "\u0301" * 9_999,
    "hashtags": "#aB" * 3_333,
    "one word": "nordtel" * 1_428,
    "ideographs": "".join(chr(0x4E00 + number) for number in range(10_000)),
    "emoji": "\U0001f621" * 10_000,
    "entities": "&amp;" * 2_000,
    "tags": "<a " * 3_333,
}


def _slowest(model: Any, posts: dict[str, str]) -> tuple[float, str]:
    """Return the time of the costliest post, in milliseconds, and its kind; the best of three runs of each."""
    parse = Normaliser(IngestSettings(), "forum").post
    match = Matcher([BrandTerms("nordtel", any=("nordtel", "#nordtel"), none=("nordtel arena",))]).match
    times = []
    for kind, text in posts.items():
        line = orjson.dumps({"id": 1, "created_at": 1_700_000_000, "text": text})
        runs = []
        for number in range(3):
            begin = time.process_time()
            try:
                post = parse(line, NOW_MS)
            except RecordError:
                break
            match(post.text, post.tag)
            model.predict(post.text + " " * number, language.detect(post.text, None))
            clean.signature(post.text)
            terms(post.text, 8)
            runs.append((time.process_time() - begin) * 1_000)
        times.append((min(runs, default=0), kind))
    return max(times)


def test_posts_that_cost_much(abuse: Path, record: Recorder) -> None:
    assert abuse.is_dir()
    model = load_model()
    milliseconds, kind = _slowest(model, COSTLY)
    record("timing_text", "below 2 ms a post", f"{milliseconds:.1f} ms ({kind})", ok=milliseconds < 2)


def test_posts_that_cost_much_with_the_best_model(abuse: Path, record: Recorder) -> None:
    assert abuse.is_dir()
    try:
        model = load_model(quality="best")
    except MissingPackage as error:
        pytest.skip(str(error))
    milliseconds, kind = _slowest(model, {name: text for name, text in COSTLY.items() if not text.isascii()})
    record("timing_raw_and_best", "below 5 ms a post", f"{milliseconds:.1f} ms ({kind})", ok=milliseconds < 5)


def test_author_hashes_want_a_key_beyond_loopback(abuse: Path, tmp_path: Path, record: Recorder) -> None:
    assert abuse.is_dir()
    config = tmp_path / "config.yaml"
    config.write_text(
        "brands: [{id: acme, name: Acme, match: {any: [acme]}}]\nkafka: {bootstrap_servers: kafka.example:9092}\n",
        encoding="utf-8",
    )
    done = firewatch("check-config", config)
    output = (done.stdout + done.stderr).decode()
    record("author_dictionary", "a key is required", f"exit {done.returncode}", ok="author_key_file" in output)


def test_invented_annotators(abuse: Path, shared_data: Path, record: Recorder) -> None:
    assert abuse.is_dir()
    gold = read_gold(shared_data / "airline-2015" / "airline.jsonl")[:4_500]
    wrong = {"negative": "positive", "positive": "negative", "neutral": "negative"}
    labels = [(post, post.label, f"honest-{number % 6}") for number, post in enumerate(gold[:600])]
    labels += [(post, wrong[post.label], f"invented-{number // 29}") for number, post in enumerate(gold[600:3_000])]
    model = shipped = load_model()
    trainer = Trainer(LearnSettings(), read_weights(), shipped)
    for post, label, by in labels:
        trainer.add(AcceptedLabel(post.text, "en", label, by, "microblog"))
        if trainer.due(0):
            candidate = trainer.candidate()
            if candidate.good:
                trainer.published(candidate)
                model = candidate.model
            else:
                trainer.refused()
    test = gold[3_000:]
    before, after = (
        quality([post.label for post in test], [each.predict(post.text, "en") for post in test]).macro_f1
        for each in (shipped, model)
    )
    ok = after >= before - 0.01
    later = "newcomers among annotators are not judged together yet"
    record("sybil_labels", "not below the shipped model", f"{before:.3f} to {after:.3f}", ok=ok, later=later)
