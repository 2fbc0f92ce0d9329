"""The Chinese encoder: words in, vectors out, with nothing downloaded.

A document's vector has two parts, each of unit length before they are weighed:

- a *semantic* part: TF-IDF of words and of pairs of neighbouring characters, projected by a truncated singular value
  decomposition (latent semantic analysis) that was trained on Chinese text. It puts 电池 near 续航, for words it knows.
- a *lexical* part: a random projection of all words, weighed by how rare they are in general Chinese (the list that
  jieba carries). It knows every word, also those that the training text never used, but only as itself.

The cosine of two documents is therefore the weighted mean of both parts' cosines. The shipped weights are trained on
little text with a clear licence, so their semantic part weighs little. `fit_lsa` makes weights from a project's own
documents, which serve that project much better (measured on the card).
"""

from __future__ import annotations

import hashlib
import io
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tasks.core.contracts import Encoded
from tasks.models import cards

if TYPE_CHECKING:
    import jieba
    import scipy.sparse

NAME = "encoder-zh-lsa"
BUNDLE_KEY = "encoder-zh"
WEIGHTS = "weights.npz"
METHOD = "LSA of words and character pairs; a random projection of words weighed by jieba's idf list (MIT)"
LEXICAL_DIM = 256
_CACHED_WORDS = 200_000
_HAN_RUN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]+")
_WORD = re.compile("[\u3400-\u4dbf\u4e00-\u9fffa-z0-9]")
_PIECE = re.compile(r"[^。！？!?；;\n]{1,300}[。！？!?；;\n]*|[。！？!?；;\n]+")
_ENCODE_ROWS = 2_000


@lru_cache(maxsize=1)
def segmenter() -> jieba.Tokenizer:
    """jieba's tokeniser with its own dictionary; built in memory, without the cache file it would leave in /tmp."""
    import jieba

    tokenizer = jieba.Tokenizer()
    tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(tokenizer.get_dict_file())
    tokenizer.initialized = True
    return tokenizer


def segment(text: str) -> list[str]:
    """Words, numbers and marks of a text, in order: joined, they give the lower-cased text again.

    The text is cut into sentences first, and those without an end into pieces: the time that jieba takes grows with
    the square of an unbroken run's length.
    """
    cut = segmenter().lcut
    return [word for piece in _PIECE.findall(text.lower()) for word in cut(piece)]


@lru_cache(maxsize=1)
def general_rarity() -> tuple[dict[str, float], float]:
    """Inverse document frequency of 270,000 words in general Chinese (jieba's list), and its median."""
    import jieba.analyse

    path = Path(jieba.analyse.__file__).with_name("idf.txt")
    rows = (line.rsplit(" ", 1) for line in path.read_text(encoding="utf-8").splitlines())
    rarity = {word: float(value) for word, value in rows}
    return rarity, float(np.median(list(rarity.values())))


@dataclass(frozen=True)
class LsaWeights:
    """What the semantic part learned.

    features: v strings; a word carries the prefix "w", a pair of characters "c".
    rarity: (v,) float32, smoothed inverse document frequency in the training text.
    projection: (v, dim) float16.
    lexical_share: weight of the lexical part in the cosine, 0-1.
    """

    features: tuple[str, ...]
    rarity: NDArray[np.float32]
    projection: NDArray[np.float16]
    lexical_share: float


class LsaEncoder:
    """The Chinese `Encoder`."""

    def __init__(self, weights: LsaWeights, card: dict[str, Any]) -> None:
        self.weights = weights
        self.dim = weights.projection.shape[1] + LEXICAL_DIM
        self.version = cards.version_of(card, precision="fp32")
        self._columns = {feature: column for column, feature in enumerate(weights.features)}
        self._projection = weights.projection.astype(np.float32)
        self._signs: dict[str, NDArray[np.float32]] = {}

    def encode(self, texts: Sequence[str]) -> Encoded:
        """Vectors of n texts; nothing is cut off, so coverage is 1."""
        n = len(texts)
        embeddings = np.zeros((n, self.dim), np.float32)
        token_counts = np.zeros(n, np.int32)
        for start in range(0, n, _ENCODE_ROWS):
            words = [_words(text) for text in texts[start : start + _ENCODE_ROWS]]
            end = start + len(words)
            token_counts[start:end] = [len(row) for row in words]
            embeddings[start:end] = self._vectors(words, texts[start:end])
        return Encoded(embeddings, embeddings, token_counts, np.ones(n, np.float32))

    def _vectors(self, words: list[list[str]], texts: Sequence[str]) -> NDArray[np.float32]:
        counts = [_features(row, text) for row, text in zip(words, texts, strict=True)]
        semantic = _unit(_tfidf(counts, self._columns, self.weights.rarity) @ self._projection)
        lexical = _unit(self._lexical(words))
        share = self.weights.lexical_share
        return _unit(np.hstack([math.sqrt(1 - share) * semantic, math.sqrt(share) * lexical]))

    def _lexical(self, words: list[list[str]]) -> NDArray[np.float32]:
        rarity, typical = general_rarity()
        rows = np.zeros((len(words), LEXICAL_DIM), np.float32)
        for place, row in enumerate(words):
            for word, count in Counter(row).items():
                unknown = typical / 2 if len(word) == 1 else typical
                rows[place] += (1 + math.log(count)) * rarity.get(word, unknown) * self._direction(word)
        return rows

    def _direction(self, word: str) -> NDArray[np.float32]:
        """(LEXICAL_DIM,) of -1 and 1, drawn from the word's hash: the same on every machine."""
        known = self._signs.get(word)
        if known is None:
            if len(self._signs) >= _CACHED_WORDS:
                self._signs.clear()
            bits = np.frombuffer(hashlib.blake2b(word.encode(), digest_size=LEXICAL_DIM // 8).digest(), np.uint8)
            known = self._signs[word] = np.unpackbits(bits).astype(np.float32) * 2 - 1
        return known


def fit_lsa(
    texts: Sequence[str],
    *,
    lexical_share: float,
    dim: int = 128,
    vocabulary_size: int = 16_000,
    min_documents: int = 3,
    seed: int = 0,
) -> LsaWeights:
    """Train the semantic part on texts. Their order decides the last digits of the result: sort them.

    Args:
        texts: at least some dozens, distinct.
        dim: at most this many dimensions; fewer where the texts don't fill them.
        min_documents: features of fewer texts are left out, as are those of more than 30 % of the texts.
    """
    from sklearn.decomposition import TruncatedSVD
    from threadpoolctl import threadpool_limits

    counts = [_features(_words(text), text) for text in texts]
    document_counts = Counter(feature for row in counts for feature in row)
    usable = [
        (feature, count) for feature, count in document_counts.items() if min_documents <= count <= 0.3 * len(texts)
    ]
    usable.sort(key=lambda item: (-item[1], item[0]))
    features = tuple(sorted(feature for feature, _ in usable[:vocabulary_size]))
    rarity = np.array([math.log((1 + len(texts)) / (1 + document_counts[f])) + 1 for f in features], np.float32)
    matrix = _tfidf(counts, {feature: column for column, feature in enumerate(features)}, rarity)
    dim = max(2, min(dim, len(texts) // 4, len(features) - 1))
    with threadpool_limits(1):
        svd = TruncatedSVD(dim, n_iter=5, random_state=seed).fit(matrix)
    return LsaWeights(features, rarity, svd.components_.T.astype(np.float16), lexical_share)


def save_lsa(weights: LsaWeights, card: dict[str, Any], *, root: Path) -> Path:
    """Install weights with their card below root/encoder-zh-lsa.

    Args:
        card: at least licence and document_count.

    Returns:
        The revision's folder.
    """
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        features=np.frombuffer("\n".join(weights.features).encode(), np.uint8),
        rarity=weights.rarity,
        projection=weights.projection,
        lexical_share=np.float32(weights.lexical_share),
    )
    whole = {"name": NAME, "task": "embedding", "language": "zh", "method": METHOD, **card}
    return cards.install({WEIGHTS: buffer.getvalue()}, whole, root=root)


def own_folder(model_dir: Path) -> Path | None:
    """Folder of the encoder that a project trained on its own documents; None where it has not (yet).

    A project trains one. Should there be more, the one of most documents counts.
    """
    folders = [path.parent for path in (model_dir / NAME).glob(f"[0-9a-f]*/{cards.CARD}")]
    return max(folders, key=lambda folder: (cards.load_card(folder)["document_count"], folder.name), default=None)


def load_encoder_zh(folder: Path | None = None) -> LsaEncoder:
    """Load the encoder of a folder; the shipped one by default.

    Raises:
        ModelUnavailableError: a file is missing, or is not the one of its card.
    """
    folder = folder or cards.bundle_folder(BUNDLE_KEY)
    card = cards.load_card(folder)
    with np.load(folder / WEIGHTS, allow_pickle=False) as arrays:
        weights = LsaWeights(
            features=tuple(arrays["features"].tobytes().decode().split("\n")),
            rarity=arrays["rarity"],
            projection=arrays["projection"],
            lexical_share=float(arrays["lexical_share"]),
        )
    return LsaEncoder(weights, card)


def _words(text: str) -> list[str]:
    return [word for word in segment(text) if _WORD.search(word)]


def _features(words: list[str], text: str) -> Counter[str]:
    counts = Counter(f"w{word}" for word in words)
    for run in _HAN_RUN.findall(text):
        counts.update(f"c{run[i : i + 2]}" for i in range(len(run) - 1))
    return counts


def _tfidf(counts: list[Counter[str]], columns: dict[str, int], rarity: NDArray[np.float32]) -> scipy.sparse.csr_matrix:
    """(n, v) with unit rows: (1 + log count) x rarity."""
    from scipy.sparse import csr_matrix
    from sklearn.preprocessing import normalize

    indices: list[int] = []
    values: list[float] = []
    starts = [0]
    for row in counts:
        for feature, count in row.items():
            column = columns.get(feature)
            if column is not None:
                indices.append(column)
                values.append((1 + math.log(count)) * float(rarity[column]))
        starts.append(len(indices))
    matrix = csr_matrix((np.array(values, np.float32), indices, starts), shape=(len(counts), len(columns)))
    return normalize(matrix, copy=False)


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows at unit length; a row of zeros stays one."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return (rows / np.where(lengths > 0, lengths, 1)).astype(np.float32)
