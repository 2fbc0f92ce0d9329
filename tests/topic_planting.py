"""Documents about planted subjects: texts in both languages, and vectors around one direction a subject."""

from __future__ import annotations

import numpy as np

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
