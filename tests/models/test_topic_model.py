"""The topic model on planted subjects: they are found, named, kept, and assigned without BERTopic."""

import subprocess
import sys

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from tasks.core.contracts import ModelVersion
from tasks.core.topic_words import ENGLISH_INNER_WORDS
from tasks.errors import ModelUnavailableError
from tasks.models.topics import CENTROIDS, fit_topics, load_topics

ENCODER = ModelVersion("embedding", "en", "planted", "1", "exact", "Apache-2.0", "0" * 64)
DIM = 24
SUBJECTS = {
    "en": [
        "the pump leaks after the update",
        "the descaling light stays red",
        "milk foam is thick and creamy",
        "customer service never answers",
        "the grinder is loud in the morning",
        "parcel arrived with a dent",
    ],
    "zh": ["发货太慢了", "电池不耐用", "奶泡细腻绵密", "客服态度恶劣", "磨豆机噪音大", "除垢灯一直亮"],
}
FILLERS = {
    "en": ["bought it in {}", "my {} loves Northwind", "we are in {}", "from {} with love", "I told {} about it"],
    "zh": ["在{}买的", "{}也喜欢北风", "送到{}", "告诉了{}", "我在{}"],
}
NAMES = {
    "en": ["Leeds", "mother", "Kent", "Bristol", "brother", "Ohio", "Texas", "Maine"],
    "zh": ["上海", "妈妈", "北京", "广州", "弟弟", "深圳", "成都", "杭州"],
}


def planted(language: str, *, per_subject: int = 60, seed: int = 1) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Texts, embeddings around one direction a subject, and the subjects, in a mixed order."""
    random = np.random.default_rng(seed)
    subjects = random.permutation(np.repeat(np.arange(len(SUBJECTS[language])), per_subject))
    mark = "。" if language == "zh" else ". "
    texts = [
        f"{SUBJECTS[language][subject]}{mark}{random.choice(FILLERS[language]).format(random.choice(NAMES[language]))}"
        for subject in subjects
    ]
    vectors = np.eye(DIM)[subjects] + random.normal(0, 0.12, (len(subjects), DIM))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return texts, vectors.astype(np.float32), subjects


def fit(language: str, root, *, count: int | None = 6, texts=None, vectors=None):
    known_texts, known_vectors, _ = planted(language)
    return fit_topics(
        texts or known_texts,
        known_vectors if vectors is None else vectors,
        language=language,
        brand_names=["Northwind", "北风"],
        count=count,
        encoder=ENCODER,
        root=root,
    )


@pytest.fixture(scope="module")
def english(tmp_path_factory):
    return fit("en", tmp_path_factory.mktemp("en"))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_planted_subjects_are_found(language, tmp_path):
    model = fit(language, tmp_path)
    _, vectors, subjects = planted(language)
    ids, similarity = model.assign(vectors)
    assert adjusted_rand_score(subjects, [topic or "none" for topic in ids]) > 0.85
    assert ids.count(None) / len(ids) < 0.15
    assert similarity.shape == (len(ids),)


def test_english_labels_are_phrases_of_the_documents(english):
    labels = [topic.label for topic in english.topics]
    texts = " | ".join(planted("en")[0]).lower()
    assert len(set(labels)) == len(labels) == 6
    for label in labels:
        assert label in texts
        assert 2 <= len(label.split()) <= 5
        assert label.split()[0] not in ENGLISH_INNER_WORDS
        assert label.split()[-1] not in ENGLISH_INNER_WORDS
    assert "pump leaks after the update" in labels or "leaks after the update" in labels


def test_chinese_labels_are_chinese_phrases(tmp_path):
    labels = [topic.label for topic in fit("zh", tmp_path).topics]
    texts = "|".join(planted("zh")[0])
    assert len(set(labels)) == 6
    assert all(label in texts and len(label) >= 2 for label in labels)
    assert "发货太慢" in labels


@pytest.mark.parametrize("language", ["en", "zh"])
def test_brands_stand_in_no_label_and_no_keyword(language, tmp_path):
    for topic in fit(language, tmp_path).topics:
        words = " ".join([topic.label, *topic.keywords]).lower()
        assert "northwind" not in words
        assert "北风" not in words


def test_fitting_twice_gives_the_same_model(english, tmp_path):
    again = fit("en", tmp_path)
    assert again.version.model_version_id == english.version.model_version_id
    assert [topic.topic_id for topic in again.topics] == [topic.topic_id for topic in english.topics]


def test_twins_are_joined(tmp_path):
    # Three times as many topics as subjects: pieces of a subject share its place and its words.
    model = fit("en", tmp_path, count=18)
    assert len(model.topics) < 18


def test_a_document_far_from_all_topics_has_none(english):
    stranger = np.zeros((1, DIM), np.float32)
    stranger[0, -1] = 1
    ids, similarity = english.assign(stranger)
    assert ids == [None]
    assert similarity[0] < english.threshold
    assert english.assign(np.zeros((0, DIM), np.float32))[0] == []


def test_documents_without_a_vector_take_no_part(tmp_path):
    texts, vectors, _ = planted("en")
    vectors = np.vstack([vectors, np.zeros((20, DIM), np.float32)])
    model = fit("en", tmp_path, texts=[*texts, *["!!!"] * 20], vectors=vectors)
    assert model.version.card["document_count"] == len(texts)
    assert model.assign(vectors[-1:])[0] == [None]


def test_card_says_what_the_topics_rest_on(english):
    card = english.version.card
    assert card["encoder"] == ENCODER.model_version_id
    assert card["topic_count"] == 6
    assert 0.0 <= card["metrics"]["unassigned_share"] <= 0.15


def test_a_saved_model_assigns_the_same_without_bertopic(tmp_path):
    model = fit("en", tmp_path)
    folder = tmp_path / "topics-en" / model.version.revision
    _, vectors, _ = planted("en", seed=2)
    np.save(tmp_path / "vectors.npy", vectors)
    code = (
        "import sys, numpy, pathlib\n"
        "from tasks.models.topics import load_topics\n"
        f"model = load_topics(pathlib.Path({str(folder)!r}))\n"
        f"ids, _ = model.assign(numpy.load({str(tmp_path / 'vectors.npy')!r}))\n"
        "heavy = {'bertopic', 'umap', 'numba', 'torch', 'sklearn'} & set(sys.modules)\n"
        "print(heavy or '', *ids, sep=',')\n"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert printed == ",".join(["", *(str(topic) for topic in load_topics(folder).assign(vectors)[0])])
    assert len(set(printed.split(","))) > 5


def test_damaged_centroids_are_refused(tmp_path):
    model = fit("en", tmp_path)
    (tmp_path / "topics-en" / model.version.revision / CENTROIDS).write_bytes(b"")
    with pytest.raises(ModelUnavailableError):
        load_topics(tmp_path / "topics-en" / model.version.revision)
