"""Quotes are verbatim, short, and of different people."""

from hypothesis import given
from hypothesis import strategies as st

from tasks.core.quotes import QUOTE_LIMIT, as_quote, choose, cut, sentences, similarity


def candidate(text: str, **values: object) -> dict:
    base: dict[str, object] = {
        **dict.fromkeys(("title", "author_hash", "url", "sentiment", "topic_id")),
        "document_id": text,
        "text": text,
        "source": "shop",
        "language": "en",
        "published_date": "2026-11-18",
    }
    return base | values


def shown(text: str, *keywords: str, **options: object) -> str:
    part = cut(text, keywords, **options)
    return text[part.start : part.end]


def test_sentences_of_both_languages():
    assert [text_of("One. Two!  Three", s) for s in sentences("One. Two!  Three")] == ["One.", "Two!", "Three"]
    chinese = "很好。太吵了！“真的？”没有"
    assert [text_of(chinese, s) for s in sentences(chinese)] == ["很好。", "太吵了！", "“真的？”", "没有"]


def text_of(text: str, part) -> str:
    return text[part.start : part.end]


def test_a_short_text_is_whole_and_a_title_is_left_out():
    assert shown("Broken after a week. Sad.") == "Broken after a week. Sad."
    assert shown("Bad\n\nBroken after a week.", title="Bad") == "Broken after a week."
    assert shown("Bad", title="Bad") == "Bad"
    assert shown("Big news\nIt rains. Again.", title="Big news") == "It rains. Again."


def test_a_long_text_starts_at_the_first_sentence_with_a_keyword():
    text = "I bought it in May. " * 10 + "The battery dies at noon. Sad. " + "More words follow here. " * 12
    quote = shown(text, "battery")
    assert quote.startswith("The battery dies at noon. Sad. More words")
    assert quote.endswith("here.")
    assert len(quote) <= QUOTE_LIMIT


def test_one_endless_sentence_is_cut_at_a_word():
    quote = shown("word " * 100)
    assert len(quote) <= QUOTE_LIMIT
    assert quote.endswith("word")
    assert len(shown("字" * 1000)) == QUOTE_LIMIT
    assert len(shown("x" * 1000)) == QUOTE_LIMIT


@given(st.text(max_size=600), st.lists(st.text(max_size=5), max_size=3))
def test_a_quote_is_always_a_short_slice_without_outer_space(text, keywords):
    quote = shown(text, *keywords)
    assert quote in text
    assert len(quote) <= QUOTE_LIMIT
    assert quote == quote.strip()
    assert bool(quote) == bool(text.strip())


def test_one_quote_per_author_and_source_and_no_near_duplicates():
    rows = [
        candidate("The battery dies at noon, every single day.", author_hash="a"),
        candidate("Charging takes four hours and then it stops.", author_hash="a"),
        candidate("the battery dies at noon, every single day!!", author_hash="b"),
        candidate("My unit lost its charge while I was asleep.", author_hash="b"),
        candidate("Charging takes four hours and then it stops.", author_hash="a", source="mall", document_id="z"),
    ]
    assert [q.text for q in choose(rows, 3)] == [rows[0]["text"], rows[3]["text"], rows[4]["text"]]


def test_short_texts_are_taken_only_where_there_is_nothing_else():
    rows = [candidate("Bad."), candidate("The battery dies at noon, every single day.")]
    assert [q.text for q in choose(rows, 1)] == [rows[1]["text"]]
    assert [q.text for q in choose(rows, 2)] == [rows[1]["text"], "Bad."]


def test_documents_quoted_elsewhere_are_not_quoted_again():
    rows = [
        candidate("The battery dies at noon, every single day."),
        candidate("It is rather loud when grinding beans."),
    ]
    taken: set[str] = set()
    said: list[str] = []
    first = choose(rows, 1, taken=taken, said=said)
    second = choose(rows, 1, taken=taken, said=said)
    assert [first[0].text, second[0].text] == [row["text"] for row in rows]
    assert choose(rows, 1, taken=taken, said=said) == []


def test_offsets_and_marks_of_cutting():
    text = "Title\n\n" + "I bought it in May. " * 14 + "The battery dies."
    row = candidate(text, title="Title")
    quote = as_quote(row, cut(text, ["battery"], title="Title"))
    assert text[quote.start_char : quote.end_char] == quote.text == "The battery dies."
    assert (quote.is_cut_before, quote.is_cut_after) == (True, False)
    quote = as_quote(row, cut(text, title="Title"))
    assert (quote.is_cut_before, quote.is_cut_after) == (False, True)


def test_similarity_ignores_case_and_space():
    assert similarity("The Battery dies", "the battery  dies") == 1.0
    assert similarity("The battery dies", "很好很好") == 0.0
