"""Learn the weights that ship: ``python -m streams.sentiment.learn GOLD.jsonl... --out linear.tsv``.

Softmax regression on counts of tokens, by language, and on the evidence of the lexicon, whose worth every language
shares. The result is compiled into one table of weights by token.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from streams.errors import FirewatchError
from streams.sentiment.gold import LABELS, GoldPost, read_gold
from streams.sentiment.lexicon import CHANNELS, Lexicon
from streams.sentiment.linear import ANY_LANGUAGE, BIAS, LANGUAGES, LONG
from streams.sentiment.tokens import NEGATED, NEGATIONS, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

MIN_COUNT: Final = 3
"""Posts a token must stand in: rarer ones can't be learned, and may be somebody's name."""

MIN_SETS: Final = 2
"""Sets a word must stand in where a language has several: what only one knows is its topic, such as an election."""

L2_TOKEN: Final = 12.0
L2_EVIDENCE: Final = 0.01
"""Strengths of the squared penalty. Found on tweets of other sets than those learned from (see MODEL_CARD.md): from 8
to 40 makes no difference of more than a point. Evidence and bias need a penalty only for a unique solution."""

LEAST_WEIGHT: Final = 0.03
"""Log-odds below which a token is left out of the table: it is all but neutral."""

Column = tuple[str, str]
"""Language (or `ANY_LANGUAGE`) and token; evidence and bias are columns of `ANY_LANGUAGE`."""

Weights = dict[str, dict[str, tuple[float, float]]]
"""By language, then token: what it adds to the log-odds of negative and of positive against neutral."""


def learn(sets: Sequence[Sequence[GoldPost]]) -> Weights:
    """Weights learned from labelled posts; each set counts the three labels alike, however it was sampled."""
    lexicon = Lexicon()
    vocabulary = _vocabulary(sets)
    columns = {column: index for index, column in enumerate(vocabulary)}
    columns |= {(ANY_LANGUAGE, name): len(columns) + index for index, name in enumerate((*CHANNELS, BIAS))}
    posts = [post for posts in sets for post in posts]
    penalty = np.full(len(columns), L2_EVIDENCE)
    penalty[: len(vocabulary)] = L2_TOKEN
    fitted = _fit(
        _counts(posts, columns, lexicon),
        np.array([post.label for post in posts]),
        np.concatenate([_balance(posts) for posts in sets]),
        penalty,
    )
    odds = fitted[:, [0, 2]] - fitted[:, [1]]
    return _compile({column: odds[index] for column, index in columns.items()}, lexicon)


def _columns(post: GoldPost) -> Iterator[Column]:
    for token in tokens(post.text, post.lang):
        yield (post.lang if token.removeprefix(NEGATED)[0].isalpha() else ANY_LANGUAGE), token


def _vocabulary(sets: Sequence[Sequence[GoldPost]]) -> list[Column]:
    posts_with: Counter[Column] = Counter()
    sets_with: Counter[Column] = Counter()
    sets_of: Counter[str] = Counter()
    for posts in sets:
        in_set: Counter[Column] = Counter(column for post in posts for column in set(_columns(post)))
        posts_with += in_set
        sets_with.update(in_set.keys())
        sets_of.update({post.lang for post in posts})
    return sorted(
        column
        for column, count in posts_with.items()
        if count >= MIN_COUNT and sets_with[column] >= min(MIN_SETS, sets_of.get(column[0], 1))
    )


def _counts(posts: Sequence[GoldPost], columns: dict[Column, int], lexicon: Lexicon) -> csr_matrix:
    """Matrix of posts x columns, scaled for length as `LinearModel` does."""
    values: list[float] = []
    indices: list[int] = []
    ends = [0]
    for post in posts:
        seen = list(_columns(post))
        row: defaultdict[int, float] = defaultdict(float)
        for lang, token in seen:
            if (lang, token) in columns:
                row[columns[lang, token]] += 1
            for name, strength in zip(CHANNELS, lexicon.evidence(token, lang) or (), strict=False):
                row[columns[ANY_LANGUAGE, name]] += strength
        scale = min(1.0, math.sqrt(LONG / max(1, len(seen))))
        indices += [*row, columns[ANY_LANGUAGE, BIAS]]
        values += [*(value * scale for value in row.values()), 1.0]
        ends.append(len(indices))
    return csr_matrix((values, indices, ends), shape=(len(posts), len(columns)))


def _balance(posts: Sequence[GoldPost]) -> NDArray[np.float64]:
    labels = np.array([post.label for post in posts])
    share = np.bincount(labels, minlength=len(LABELS)) / len(labels)
    weights: NDArray[np.float64] = 1 / (len(LABELS) * share[labels])
    return weights


def _fit(
    counts: csr_matrix, labels: NDArray[np.int64], importance: NDArray[np.float64], penalty: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Weights of columns x labels that minimise the weighted cross-entropy plus half the penalty on their squares."""
    truth = np.eye(len(LABELS))[labels]
    shape = (counts.shape[1], len(LABELS))

    def loss_and_gradient(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights = flat.reshape(shape)
        scores = counts @ weights
        scores -= scores.max(axis=1, keepdims=True)
        log_chances = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        shrinkage = penalty[:, None] * weights
        loss = -(importance @ (truth * log_chances).sum(axis=1)) + 0.5 * (shrinkage * weights).sum()
        gradient = counts.T @ ((np.exp(log_chances) - truth) * importance[:, None]) + shrinkage
        return float(loss), gradient.ravel()

    solution = minimize(
        loss_and_gradient, np.zeros(shape).ravel(), jac=True, method="L-BFGS-B", options={"maxiter": 200}
    )
    fitted: NDArray[np.float64] = solution.x.reshape(shape)
    return fitted


def _compile(odds: dict[Column, NDArray[np.float64]], lexicon: Lexicon) -> Weights:
    """One table: what was learned of a token, and what its evidence in the lexicon is worth."""
    worth = np.array([odds.pop((ANY_LANGUAGE, name)) for name in CHANNELS])
    listed = {(lang, entry) for lang in (*LANGUAGES, ANY_LANGUAGE) for entry in lexicon.entries(lang)}
    listed |= {
        (lang, NEGATED + entry) for lang, entry in listed if lang != ANY_LANGUAGE and entry not in NEGATIONS[lang]
    }
    compiled: Weights = defaultdict(dict)
    for lang, token in sorted(odds.keys() | listed):
        evidence = lexicon.evidence(token.removesuffix("*") if (lang, token) not in odds else token, lang)
        total = odds.get((lang, token), np.zeros(2)) + (np.array(evidence) @ worth if evidence else 0.0)
        compiled[lang][token] = (float(total[0]), float(total[1]))
    return compiled


def write_weights(weights: Weights, path: Path, names: Sequence[str]) -> int:
    """Write the table in hundredths, without tokens that come to nothing; return the number of lines."""
    lines = [
        f"{lang}\t{token}\t{round(negative * 100)}\t{round(positive * 100)}"
        for lang, table in weights.items()
        for token, (negative, positive) in table.items()
        if token == BIAS or max(abs(negative), abs(positive)) >= LEAST_WEIGHT
    ]
    head = f"# sentiment weights in hundredths, learned from {', '.join(names)}; credits and licences: MODEL_CARD.md"
    path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    return len(lines)


@click.command()
@click.argument("gold", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="Where the weights go.")
def main(gold: tuple[Path, ...], out: Path) -> None:
    """Learn sentiment weights from the labelled posts in the GOLD files (JSON lines with text, lang, label)."""
    try:
        sets = [read_gold(path) for path in gold]
        count = write_weights(learn(sets), out, [path.stem for path in gold])
    except FirewatchError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{out}: {count} tokens, {out.stat().st_size} bytes, learned from {sum(map(len, sets))} posts")


if __name__ == "__main__":
    main()
