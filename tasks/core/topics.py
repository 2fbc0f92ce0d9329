"""Topics as arithmetic on arrays and words: how many, where they lie, what belongs to them, what they are called.

Pure. A document's vector has unit length; a topic is the unit mean of its documents' vectors (its centroid), and a
document belongs to the topic with the highest cosine, or to none where even that lies below the topic model's
threshold. Labels are phrases that people wrote in the documents nearest to the centroid.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tasks.core import word_kinds
from tasks.core.word_kinds import ACTION, THING, Cues

BREAK = ""
"""Stands among tokens for whatever a phrase must not run across: the end of a clause, a brand's name, a link."""

MIN_TOPICS, MAX_TOPICS = 8, 40
FULL_WEIGHT_WORDS = 8
TWIN_SIMILARITY = 0.7
TWIN_WORD_SIMILARITY = 0.7
SAME_PLACE_SEPARATION = 0.1
NAMING_DOCUMENTS = 400
LEAST_MENTIONS = 3
LEAST_SHARE = 0.015
OWN_SHARE = 0.55
LEAST_LIFT = 1.5
ONLY_QUALITIES, NO_THING, PIECE_OF_SENTENCE, ACTION_FIRST, COMPLAINT = 0.15, 0.4, 0.3, 0.6, 1.2
"""What a phrase's score is worth by its form; a thing's name is worth 1."""


def topic_count(document_count: int) -> int:
    """How many topics to look for in n documents: √(n/4), between 8 and 40, of 10 documents or more on average.

    Too few topics hide what matters: in 7,700 English and 3,200 Chinese reviews, of which 70 in one week complained of
    one part, 31 and 20 topics mixed it with other complaints, while 40 each gave it its own. The number grows with the
    root of n, for more documents repeat subjects more than they add: 1,000 documents give 16 topics, 6,400 give 40,
    and more than that nobody reads.
    """
    wanted = min(MAX_TOPICS, max(MIN_TOPICS, round(math.sqrt(document_count / 4))))
    return max(2, min(wanted, document_count // 10))


def centroids_of(embeddings: NDArray[np.float32], labels: NDArray[np.int64], count: int) -> NDArray[np.float32]:
    """(count, dim) unit means of the rows labelled 0 … count - 1; rows with other labels are left out."""
    sums = np.zeros((count, embeddings.shape[1]), np.float64)
    inside = (labels >= 0) & (labels < count)
    np.add.at(sums, labels[inside], embeddings[inside])
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    return (sums / np.where(lengths > 0, lengths, 1)).astype(np.float32)


@dataclass(frozen=True)
class PhraseRules:
    """What a label of a language may be.

    inner_words: may stand inside a phrase, but not at its ends ("after", 的).
    never_last: may stand anywhere but at the end, and not alone ("not", 不).
    never_inside: may stand nowhere in it ("my", 我): a phrase with one is a piece of somebody's sentence, not a name.
    longest: words in a phrase, at most.
    shortest_phrase, longest_phrase: length as shown, in characters.
    joiner: what stands between the words.
    is_content: whether a token, neither in inner_words nor in never_last, says something.
    cues: by which words are told apart into things, actions and qualities.
    """

    inner_words: frozenset[str]
    never_last: frozenset[str]
    never_inside: frozenset[str]
    longest: int
    shortest_phrase: int
    longest_phrase: int
    joiner: str
    is_content: Callable[[str], bool]
    cues: Cues

    def phrases(self, tokens: Sequence[str]) -> set[tuple[str, ...]]:
        """Every run of tokens that may be a label, once."""
        return set(self.all_phrases(tokens, longest=self.longest))

    def all_phrases(self, tokens: Sequence[str], *, longest: int) -> Iterator[tuple[str, ...]]:
        """Every run of tokens that may be a label, as often as it stands there."""
        for start, first in enumerate(tokens):
            if first == BREAK or first in self.inner_words or first in self.never_inside:
                continue
            for end in range(start + 1, min(start + longest, len(tokens)) + 1):
                last = tokens[end - 1]
                if last == BREAK or last in self.never_inside:
                    break
                if last in self.inner_words or last in self.never_last:
                    continue
                phrase = tuple(tokens[start:end])
                if self._is_sound(phrase):
                    yield phrase

    def content(self, phrase: Sequence[str]) -> tuple[str, ...]:
        """The words of a phrase that say something."""
        return tuple(
            word
            for word in phrase
            if word not in self.inner_words and word not in self.never_last and word not in self.never_inside
        )

    def telling(self, tokens: Sequence[str]) -> list[str]:
        """The words that say something by themselves, as often as they stand there."""
        return [word for word in self.content(tokens) if word != BREAK and self.is_content(word)]

    def text(self, phrase: Sequence[str]) -> str:
        return self.joiner.join(phrase)

    def _is_sound(self, phrase: tuple[str, ...]) -> bool:
        content = self.content(phrase)
        is_long_enough = self.shortest_phrase <= len(self.text(phrase)) <= self.longest_phrase
        return (
            bool(content) and is_long_enough and len(set(phrase)) == len(phrase) and all(map(self.is_content, content))
        )


def content_weights(documents: Sequence[Sequence[str]], rules: PhraseRules) -> NDArray[np.float64]:
    """(n,) weight of each document when topics are sought, 0-1: "good" says hardly what it is about.

    Distinct telling words, of 8 at most, as a share of 8. Unweighted, every third topic of app reviews was another
    word of praise.
    """
    counts = [len(set(rules.content([word for word in tokens if word != BREAK]))) for tokens in documents]
    return np.minimum(np.array(counts, np.float64), FULL_WEIGHT_WORDS) / FULL_WEIGHT_WORDS


def twin_groups(
    similarity: NDArray[np.float64],
    word_similarity: NDArray[np.float64],
    separation: NDArray[np.float64],
    would_merge: NDArray[np.bool_],
) -> list[list[int]]:
    """Groups of topics that are one: alike in place and in words, every one with every other.

    Topics that lie in the very same place are one whatever their words: later documents go to the nearest centre, and
    would go to either.

    Args:
        similarity: (k, k) cosine of the centroids.
        word_similarity: (k, k) cosine of the topics' c-TF-IDF.
        separation: (k, k) simplified silhouette of each pair.
        would_merge: (k, k) which pairs the registry would merge in the next week: born apart, they are no news.

    Returns:
        Groups of two topics or more, in order of their first one; the likest are joined first.
    """
    count = len(similarity)
    are_one = (word_similarity >= TWIN_WORD_SIMILARITY) | (separation < SAME_PLACE_SEPARATION)
    are_twins = would_merge | (are_one & (similarity >= TWIN_SIMILARITY))
    pairs = [(-(similarity[i, j] + word_similarity[i, j]), i, j) for i in range(count) for j in range(i + 1, count)]
    group_of = {topic: {topic} for topic in range(count)}
    for _, i, j in sorted(pair for pair in pairs if are_twins[pair[1], pair[2]]):
        joined = group_of[i] | group_of[j]
        if all(are_twins[a, b] for a in group_of[i] for b in group_of[j] - group_of[i]):
            group_of.update(dict.fromkeys(joined, joined))
    groups = {tuple(sorted(group)) for group in group_of.values() if len(group) > 1}
    return [list(group) for group in sorted(groups)]


def labels_of(
    documents: Sequence[Sequence[str]],
    topics: NDArray[np.int64],
    similarities: NDArray[np.float32],
    *,
    count: int,
    rules: PhraseRules,
    wanted: Collection[int] | None = None,
    taken: Sequence[Sequence[str]] = (),
) -> list[str | None]:
    """One distinct label a topic: the phrase in its nearest documents that sets it apart.

    Words and phrases score by their share of the topic's documents times the logarithm of how many times larger it is
    than in the other topics (their part of the Kullback-Leibler divergence). A phrase's own score is the geometric mean
    of the phrase's, as it stands, and of its words' in one document in whatever order, so that a saying of a few is
    not the name of what many say in other words. With the score of the best thing that it names, a factor for its
    length (a phrase says more than a word) and one for its form (`_form_factor`) it gives the rank. Of two phrases of
    which one holds the other and is nearly as frequent, the fuller one stands.

    Args:
        documents: n documents as tokens, with BREAK between clauses.
        topics: (n,) index of each document's topic, -1 for none.
        similarities: (n,) cosine to the topic's centroid; the nearest half of a topic names it, 400 at least.
        wanted: the topics that need a label; None: all.
        taken: labels in use, as tokens: no topic gets one of them, in whatever order of words.

    Returns:
        `count` labels, all different; None where a topic's documents repeat no phrase at all.
    """
    members = [_nearest_members(topics, similarities, topic) for topic in range(count)]
    phrases = [Counter(p for place in rows for p in rules.phrases(documents[place])) for rows in members]
    words = [Counter(w for place in rows for w in set(documents[place])) for rows in members]
    all_phrases, all_words = sum(phrases, Counter()), sum(words, Counter())
    sizes = [len(rows) for rows in members]
    holders = _holders(documents, members, rules)
    kinds = word_kinds.kinds_of((documents[place] for rows in members for place in rows), rules.cues)
    rankings: list[dict[tuple[str, ...], float]] = []
    for topic, (counts, word_counts, size) in enumerate(zip(phrases, words, sizes, strict=True)):
        if wanted is not None and topic not in wanted:
            rankings.append({})
            continue
        repeated = {p: n for p, n in counts.items() if n >= max(LEAST_MENTIONS, LEAST_SHARE * size)}
        scores: dict[tuple[str, ...], float] = {}
        own_rows = set(members[topic].tolist())
        for phrase in _fuller_only(repeated):
            content = rules.content(phrase)
            standing = _divergence(counts[phrase], size, all_phrases[phrase], sum(sizes))
            together = set.intersection(*(holders[word] for word in content))
            inside = sum(place in own_rows for place in together)
            own = math.sqrt(standing * _divergence(inside, size, len(together), sum(sizes)))
            things = [word for word in content if kinds.get(word, THING) == THING] or content
            best = max(_divergence(word_counts[word], size, all_words[word], sum(sizes)) for word in things)
            factor = _length_factor(len(phrase), len(content)) * _form_factor(phrase, rules, kinds)
            scores[phrase] = own**OWN_SHARE * best ** (1 - OWN_SHARE) * factor
        rankings.append(scores)
    return _distinct(rankings, rules, taken)


def _holders(
    documents: Sequence[Sequence[str]], members: Sequence[NDArray[np.int64]], rules: PhraseRules
) -> dict[str, set[int]]:
    """Documents that hold a word, for each word that says something."""
    found: dict[str, set[int]] = {}
    for rows in members:
        for place in rows.tolist():
            for word in rules.content(documents[place]):
                found.setdefault(word, set()).add(place)
    return found


def _nearest_members(topics: NDArray[np.int64], similarities: NDArray[np.float32], topic: int) -> NDArray[np.int64]:
    rows = np.flatnonzero(topics == topic)
    rows = rows[np.argsort(-similarities[rows], kind="stable")]
    return rows[: max(NAMING_DOCUMENTS, len(rows) // 2)]


def _divergence(count: int, size: int, total_count: int, total_size: int) -> float:
    """share x log(share / share elsewhere); 0 where that is not at least half as much again.

    The share elsewhere is smoothed by one document in two.
    """
    share = count / size
    elsewhere = (total_count - count + 1) / (total_size - size + 2)
    return share * math.log(share / elsewhere) if share >= LEAST_LIFT * elsewhere else 0.0


def _length_factor(length: int, content_length: int) -> float:
    if length == 1:
        return 0.15
    return (1.0 if length == 2 else 1.2) * (1.0 if content_length > 1 else 0.7)


def _form_factor(phrase: tuple[str, ...], rules: PhraseRules, kinds: Mapping[str, int]) -> float:
    """How much a phrase's form is that of a name, by the kinds of its words.

    "lost bag" and "login fails after update" name a thing, or what is the matter with it. "not load the app" is a
    complaint. "open the door" begins with an action and is a piece of a sentence; "works great" and "很一般" name no
    thing at all, and could stand in any topic.
    """
    content = rules.content(phrase)
    found = [kinds.get(word, THING) for word in content]
    if THING not in found:
        return NO_THING if ACTION in found else ONLY_QUALITIES
    if found[0] == ACTION and phrase[0] == content[0]:
        return ACTION_FIRST if len(phrase) == len(content) else PIECE_OF_SENTENCE
    return COMPLAINT if found[0] == THING and found[-1] != THING else 1.0


def _fuller_only(counts: dict[tuple[str, ...], int]) -> list[tuple[str, ...]]:
    """Phrases that no longer phrase with 60 % of their mentions holds."""
    swallowed = set()
    for phrase, count in counts.items():
        for part in (phrase[start:end] for start in range(len(phrase)) for end in range(start + 1, len(phrase) + 1)):
            if len(part) < len(phrase) and part in counts and count >= 0.6 * counts[part]:
                swallowed.add(part)
    return [phrase for phrase in counts if phrase not in swallowed]


def _distinct(
    rankings: list[dict[tuple[str, ...], float]], rules: PhraseRules, in_use: Sequence[Sequence[str]]
) -> list[str | None]:
    """Hand out labels, the surest first. A topic whose phrase is taken gets its next one, and so does one whose words
    are among those of another label or hold all of them: "drip tray" beside "big drip tray" tells no two topics apart.
    """
    offers = sorted(
        (-score, topic, phrase) for topic, scores in enumerate(rankings) for phrase, score in scores.items()
    )
    labels: list[str | None] = [None] * len(rankings)
    taken = {frozenset(_stem(word) for word in rules.content(label)) for label in in_use}
    for _, topic, phrase in offers:
        meaning = frozenset(_stem(word) for word in rules.content(phrase))
        if labels[topic] is None and not any(meaning <= other or other <= meaning for other in taken):
            labels[topic] = rules.text(phrase)
            taken.add(meaning)
    return labels


def _stem(word: str) -> str:
    """A word without its English plural: "bags" and "bag" are no two labels."""
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def document_shares(documents: Sequence[Sequence[str]], rules: PhraseRules) -> dict[str, float]:
    """Share of the documents that hold a word, for each word that says something."""
    return word_shares([rules.telling(tokens) for tokens in documents])


def word_shares(words: Sequence[Sequence[str]]) -> dict[str, float]:
    """Share of the documents that hold a word, from each document's telling words."""
    counts = Counter(word for row in words for word in set(row))
    return {word: count / len(words) for word, count in counts.items()}


def share_cosine(first: Mapping[str, float], second: Mapping[str, float]) -> float:
    """Cosine of two groups' words, 0-1."""
    product = sum(share * second.get(word, 0.0) for word, share in sorted(first.items()))
    lengths = [math.sqrt(sum(share**2 for _, share in sorted(shares.items()))) for shares in (first, second)]
    return product / (lengths[0] * lengths[1]) if all(lengths) else 0.0


def keywords_of(
    documents: Sequence[Sequence[str]],
    owners: NDArray[np.int64],
    *,
    count: int,
    rules: PhraseRules,
    most: int,
    longest: int = 3,
) -> list[list[str]]:
    """The most telling words and short phrases of each topic, by class-based TF-IDF, best first.

    A term's weight is the root of its share of the topic's terms times log(1 + mean terms a topic / its count in all)
    (Grootendorst 2022, with frequent words reduced). Of terms that hold each other the first one stands.
    """
    classes: list[Counter[tuple[str, ...]]] = [Counter() for _ in range(count)]
    for tokens, owner in zip(documents, owners, strict=True):
        if owner >= 0:
            classes[owner].update(rules.all_phrases(tokens, longest=longest))
    totals = sum(classes, Counter())
    mean = sum(totals.values()) / max(1, count)
    ranked = []
    for terms in classes:
        size = max(1, terms.total())
        weights = {term: math.sqrt(n / size) * math.log(1 + mean / totals[term]) for term, n in terms.items() if n > 1}
        ranked.append(_first_of_each(sorted(weights, key=lambda term: (-weights[term], term)), most))
    return [[rules.text(term) for term in terms] for terms in ranked]


def _first_of_each(terms: Sequence[tuple[str, ...]], most: int) -> list[tuple[str, ...]]:
    chosen: list[tuple[str, ...]] = []
    for term in terms:
        if len(chosen) == most:
            break
        if not any(_holds(term, old) or _holds(old, term) for old in chosen):
            chosen.append(term)
    return chosen


def _holds(phrase: tuple[str, ...], part: tuple[str, ...]) -> bool:
    return any(phrase[start : start + len(part)] == part for start in range(len(phrase) - len(part) + 1))
