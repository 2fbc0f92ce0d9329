"""The three pipelines that people customarily put together for embeddings, sentiment and names.

Random weights of the usual shapes (speed does not depend on what they have learnt): sentence-transformers' default
encode on all-MiniLM-L6-v2, `pipeline("sentiment-analysis")` on a model of DistilBERT's size, `pipeline("ner")` on one
of BERT-base's size; each with its library's defaults, on the processor.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

Work = Callable[[list[str]], object]


def pipelines() -> dict[str, Work]:
    """Each pipeline as a function of texts."""
    import transformers
    from sentence_transformers import SentenceTransformer

    from tasks.models.encoder import base_folder

    warnings.filterwarnings("ignore")
    transformers.logging.set_verbosity_error()
    folder = str(base_folder())
    encoder = SentenceTransformer(folder, device="cpu")
    tokenizer: Any = transformers.AutoTokenizer.from_pretrained(folder, model_max_length=512)
    vocabulary = len(tokenizer)
    classifier = transformers.DistilBertForSequenceClassification(
        transformers.DistilBertConfig(vocab_size=vocabulary, num_labels=2)
    ).eval()
    tagger = transformers.BertForTokenClassification(
        transformers.BertConfig(vocab_size=vocabulary, num_labels=9)
    ).eval()
    sentiment: Any = transformers.pipeline("sentiment-analysis", model=classifier, tokenizer=tokenizer, device="cpu")
    names: Any = transformers.pipeline("ner", model=tagger, tokenizer=tokenizer, device="cpu")
    return {
        "sentence-transformers, default encode": lambda texts: encoder.encode(texts, show_progress_bar=False),
        "sentiment-analysis, DistilBERT size": lambda texts: sentiment(texts, truncation=True),
        "ner, BERT-base size": lambda texts: names(texts),
    }
