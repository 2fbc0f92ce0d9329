"""A topic's label in better words: what a language model is asked, and whether its answer may stand. Pure.

What arrives: a topic's offline label, its keywords and its documents, nearest to the centre first. What leaves: the
answer as a label, or the reason why it may not stand; then the offline label does. A model may choose among the words
that people wrote, and put them in order; it may not bring anything in. A word must stand in three of the topic's
documents or in its keywords: what one document says, such as an instruction to the model, names nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from tasks.core.topic_words import RULES, TopicName
from tasks.core.topics import BREAK, PhraseRules

MOST_CHARACTERS = 60
MOST_QUOTES = 3
QUOTE_CHARACTERS = 200
LEAST_DOCUMENTS = 3

Cut = Callable[[str], list[str]]
"""Words of a text as topics are named with them, brands' names replaced by BREAK."""

_SCRIPTS = {
    "en": re.compile(r"(?=.*[a-z])[a-z0-9à-öø-ÿ' -]+"),
    "zh": re.compile("(?=.*[\u3400-\u4dbf\u4e00-\u9fff])[\u3400-\u4dbf\u4e00-\u9fffA-Za-z0-9]+"),
}
_AROUND = " \t\"'“”‘’「」『』《》.。!！,，"
_ENGLISH_NO = frozenset({"no", "not", "never", "cannot", "without"})
_CHINESE_NO = re.compile("[不没无未]")
_ENDINGS = ("'s", "ing", "ed", "es", "s", "ly")
_PROMPTS = {
    "en": (
        "Customers and the press write about one topic. Name it in English, in two to six words, with words that they"
        " use. No brand names, no opinion of your own, no explanation: answer with the name alone.\n"
        "Working title: {label}\nKeywords: {keywords}\nQuotes:\n{quotes}\nName:"
    ),
    "zh": (
        "顾客和媒体谈论同一个话题。请用他们的原话给它起一个四到十二个字的中文名称。"
        "不要品牌名，不要加入自己的看法，不要解释，只回答名称。\n"
        "暂定名称：{label}\n关键词：{keywords}\n原文：\n{quotes}\n名称："
    ),
}


@dataclass(frozen=True)
class Answer:
    """A model's label for a topic. label: None where it may not stand; refusal: why, else None."""

    label: str | None
    refusal: str | None


def prompt_of(language: str, name: TopicName, quotes: Sequence[str]) -> str:
    """What a model is asked: the label there is, the keywords, and three quotes of 200 characters at most."""
    shown = [" ".join(quote.split())[:QUOTE_CHARACTERS] for quote in list(dict.fromkeys(quotes))[:MOST_QUOTES]]
    mark = ", " if language == "en" else "、"
    return _PROMPTS[language].format(
        label=name.label, keywords=mark.join(name.keywords), quotes="\n".join(f"- {quote}" for quote in shown)
    )


def judged(
    answer: str,
    *,
    language: str,
    name: TopicName,
    documents: Sequence[Sequence[str]],
    taken: Sequence[str],
    cut: Cut,
) -> Answer:
    """An answer as a label, if it may be one.

    It is one line of 60 characters at most, in the topic's language and script, a phrase by the rules of labels (no
    stop word at an end, no pronoun), without a brand; every word that says something stands in the keywords or in
    three documents, in whatever inflection; it says no where the offline label does, and only there; and its words are
    not among those of another topic's label, nor the other way round.

    Args:
        name: label and keywords as they were found offline.
        documents: words of the topic's documents.
        taken: labels of other topics.
    """
    rules = replace(RULES[language], longest_phrase=MOST_CHARACTERS)
    label = answer.strip()
    if "\n" in label or "\r" in label:
        return Answer(None, "lines")
    label = label.strip(_AROUND).replace("’", "'")
    label = label.lower() if language == "en" else "".join(label.split())
    if len(label) > MOST_CHARACTERS:
        return Answer(None, "long")
    if not _SCRIPTS[language].fullmatch(label):
        return Answer(None, "script")
    words = cut(label)
    if BREAK in words:
        return Answer(None, "brand")
    if tuple(words) not in set(rules.all_phrases(words, longest=len(words))):
        return Answer(None, "phrase")
    if _says_no(label, words) != _says_no(name.label, cut(name.label)):
        return Answer(None, "negation")
    meaning = _meaning(words, rules)
    if not meaning <= _known(name, documents, rules=rules, cut=cut):
        return Answer(None, "invented")
    others = [_meaning(cut(other), rules) for other in taken]
    if any(meaning <= other or other <= meaning for other in others if other):
        return Answer(None, "twin")
    return Answer(label, None)


def polished(
    names: Mapping[str, TopicName],
    members: Mapping[str, Sequence[str]],
    *,
    language: str,
    taken: Mapping[str, str],
    texts: Callable[[Sequence[str]], Mapping[str, str]],
    cut: Cut,
    write: Callable[[Sequence[str]], Sequence[str]],
) -> dict[str, Answer]:
    """Ask for a label of each topic, and judge the answers; topics in order of their ids.

    Args:
        names: offline names of the topics.
        members: ids of their documents, nearest first.
        taken: labels in use, by topic.
        write: a model's answers to prompts.
    """
    labels, found = dict(taken), {}
    for topic_id in sorted(names):
        known = texts(list(members[topic_id]))
        read = [known[i] for i in members[topic_id]]
        (answer,) = write([prompt_of(language, names[topic_id], read)])
        others = [label for key, label in sorted(labels.items()) if key != topic_id]
        found[topic_id] = judged(
            answer,
            language=language,
            name=names[topic_id],
            documents=[cut(text) for text in read],
            taken=others,
            cut=cut,
        )
        labels[topic_id] = found[topic_id].label or names[topic_id].label
    return found


def _known(name: TopicName, documents: Sequence[Sequence[str]], *, rules: PhraseRules, cut: Cut) -> set[str]:
    """Stems that a label may use."""
    counts = Counter(stem for words in documents for stem in _meaning(words, rules))
    known = {stem for stem, count in counts.items() if count >= LEAST_DOCUMENTS}
    return known.union(*(_meaning(cut(text), rules) for text in (name.label, *name.keywords)))


def _meaning(words: Sequence[str], rules: PhraseRules) -> frozenset[str]:
    return frozenset(_stem(word) for word in rules.content(words) if word != BREAK)


def _says_no(label: str, words: Sequence[str]) -> bool:
    return bool(_CHINESE_NO.search(label)) or any(word in _ENGLISH_NO or word.endswith("n't") for word in words)


def _stem(word: str) -> str:
    """An English word without its inflection, so that "crashes" and "crashing" are one; others as they are."""
    if not word.isascii():
        return word
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            word = word[: -len(ending)]
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiouls":
        word = word[:-1]
    if len(word) > 3 and word.endswith("e"):
        word = word[:-1]
    return f"{word[:-1]}i" if word.endswith("y") else word
