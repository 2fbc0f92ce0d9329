from __future__ import annotations

from tasks.models.target_ngrams import hashed, span_features

TEXT = "晨光的续航比北岭差很多，客服也慢。"
FIRST, SECOND = (0, 2), (6, 8)


def test_a_name_says_nothing_by_itself():
    names = frozenset({FIRST, SECOND})
    other = TEXT.replace("晨光", "南湖").replace("北岭", "西山")
    assert span_features(TEXT, [FIRST, SECOND], names) == span_features(other, [FIRST, SECOND], names)


def test_it_matters_which_of_two_names_stands_first():
    one, other = span_features(TEXT, [FIRST, SECOND], frozenset({FIRST, SECOND}))
    assert "b:比\u25a1差" in one
    assert "a:比\u25a0差" in other
    assert not {"b:比\u25a1差", "b:"} & other


def test_a_word_is_read_the_same_whatever_names_there_are():
    aspect = (3, 5)
    (alone,) = span_features(TEXT, [aspect], frozenset())
    assert span_features(TEXT, [aspect, FIRST, SECOND], frozenset({FIRST, SECOND}))[0] == alone
    assert "s:续航" in alone


def test_another_clause_is_not_read():
    aspect = (3, 5)
    (near,) = span_features(TEXT, [aspect], frozenset())
    (same,) = span_features(TEXT.replace("慢", "快"), [aspect], frozenset())
    assert near == same


def test_a_span_at_the_end_of_its_clause_reads_the_next_one():
    (features,) = span_features("说说屏幕，很清晰", [(2, 4)], frozenset())
    assert any("清晰" in feature for feature in features)


def test_rows_are_of_unit_length():
    matrix = hashed([{"a", "b"}, set()])
    assert matrix.shape == (2, 65536)
    assert abs(matrix[0].power(2).sum() - 1) < 1e-6
    assert matrix[1].nnz == 0
