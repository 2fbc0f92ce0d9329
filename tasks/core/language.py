"""The language of a document: "en", "zh" or "other".

Scripts decide first: Han makes Chinese unless kana or Hangul stand beside it, and English brand names in a Chinese
text do not make it English. Texts in Latin letters go to py3langid, restricted to languages that reviews and news
are written in. What neither settles (a short "super", an emoji) takes the source's hint; without one, a few Latin
words count as English and a text without letters as "other".
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

LANGUAGES = ("en", "zh", "other")

# Languages in Latin letters that compete with English. Close relatives of English that nobody writes reviews in
# (Nigerian Pidgin, Scots, Latin) are left out: they would only take short English texts away.
_LATIN_LANGUAGES = (
    "en", "de", "fr", "es", "pt", "it", "nl", "sv", "da", "no", "fi", "pl", "cs", "sk", "sl", "hr", "ro", "hu", "tr",
    "id", "ms", "vi", "tl", "ca", "et", "lv", "lt", "sq", "sw", "az",
)  # fmt: skip

# Another language must be this likely before a text in Latin letters is not English. Short texts need more.
_SURE = 0.6
_SURE_SHORT = 0.8
_SHORT_WORDS = 4
# Less likely than this, no language is settled and the hint decides.
_UNSURE_ENGLISH = 0.3

_SAMPLE_CHARS = 1_500
_NOISE = re.compile(r"https?://\S{1,2000}|www\.\S{1,2000}|[@#]\w{1,100}|\[[a-z]{2,7}\]|[\w.]{1,64}@[\w.]{1,100}")
HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_KANA = re.compile("[\u3041-\u30fa\u30fd-\u30ff\u31f0-\u31ff\uff66-\uff9f]")
_HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]")
_LATIN_WORD = re.compile("[A-Za-z\u00aa-\u024f\u1e00-\u1eff'’]+")
_LETTER = re.compile(r"[^\W\d_]")
_FULL_WIDTH_LATIN = {code: code - 0xFEE0 for code in (*range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))}

# The most frequent words of English reviews and headlines: py3langid has little to go by below four words.
_ENGLISH = """
    a about after again all always am amazing an and any app are as at awesome awful back bad battery be
    beautiful because been before best better buy by can cant can't cheap cool could customer deal delivery did
    didn't do does doesn't don't easy even ever every excellent expensive fast few fine first five for from game
    gave get getting gift gives go goes going good got great had happy hard has have he help helpful her here
    his horrible how however i i'm i've if in into is isn't it its it's just keep keeps like liked likes lol lot
    love loved lovely loves made make makes many me money more most much must my need needs never new nice no
    not nothing now of off ok okay old on once one only or order other our out over perfect phone please poor
    price problem problems product quality quick really recommend recommended refund return right same satisfied
    service she shipping should simple size slow small so some star stars still stuff such superb support tasty
    terrible than thank thanks that the their them then there these they thing think this those time to today
    too try two uk under up update us use used useful user using value very waste was way we well were what when
    where which while who why will with won't wonderful work worked working works worse worst worth would wow
    wrong year years yes you your
"""
_ENGLISH_WORDS = frozenset(_ENGLISH.split())

_HINTS = {
    "english": "en", "eng": "en", "chinese": "zh", "zho": "zh", "chi": "zh", "cmn": "zh", "mandarin": "zh",
    "simplified chinese": "zh", "traditional chinese": "zh", "cn": "zh", "中文": "zh", "汉语": "zh", "简体中文": "zh",
    "繁體中文": "zh", "英文": "en", "英语": "en",
}  # fmt: skip


def detect_language(text: str, hint: str | None = None) -> str:
    """Language of a repaired text.

    Args:
        hint: what the source says of the document's language (a code such as "en-US", or a name); used only where
            the text itself does not settle it.

    Returns:
        "en", "zh" or "other".
    """
    sample = _NOISE.sub(" ", text[:_SAMPLE_CHARS])
    if not sample.isascii():
        sample = sample.translate(_FULL_WIDTH_LATIN)
        by_script = _by_script(sample)
        if by_script is not None:
            return by_script
    words = _LATIN_WORD.findall(sample)
    if not words:
        return language_of_hint(hint) or "other"
    return _latin_language(sample, words) or _unless_chinese(language_of_hint(hint)) or "en"


def language_of_hint(hint: str | None) -> str | None:
    """What a source's word for a language means to us: "en-GB" is "en", "zh_Hans" is "zh", "de" is "other"."""
    name = (hint or "").strip().casefold()
    if not name:
        return None
    if name in _HINTS:
        return _HINTS[name]
    code = re.split(r"[-_]", name, maxsplit=1)[0]
    if code in ("en", "zh"):
        return code
    return (
        "other" if re.fullmatch(r"[a-z]{2,20}", code) and code not in ("und", "unknown", "none", "null", "na") else None
    )


def _by_script(sample: str) -> str | None:
    """The language when the script settles it; None for texts in Latin letters and for texts without letters."""
    han, kana, hangul = (len(pattern.findall(sample)) for pattern in (HAN, _KANA, _HANGUL))
    words = _LATIN_WORD.findall(sample)
    latin = sum(map(len, words))
    letters = len(_LETTER.findall(sample))
    if letters - latin - han > max(latin, han, kana + hangul):
        return "other"
    if kana >= 2 and kana > 0.15 * (han + kana):
        return "other"
    if hangul > han and hangul * 2 > latin:
        return "other"
    lower_words = sum(word[0].islower() for word in words)
    if han and (han > lower_words or han == lower_words == 1):
        return "zh"
    return None


def _latin_language(sample: str, words: list[str]) -> str | None:
    """English or another language in Latin letters; None where neither is likely enough."""
    known = sum(word.lower().replace("’", "'") in _ENGLISH_WORDS for word in words)
    if 2 * known >= len(words) and known >= len(words) - 2:
        return "en"
    likelihood = dict(_identifier().rank(" ".join(words) if sample.isupper() else sample))
    english = likelihood.pop("en")
    other = max(likelihood.values())
    if english >= other:
        return "en" if english >= _UNSURE_ENGLISH or known else None
    is_short = len(words) < _SHORT_WORDS
    if other >= (_SURE_SHORT if is_short else _SURE):
        return "other"
    return None


def _unless_chinese(language: str | None) -> str | None:
    """A text in Latin letters is not Chinese, whatever its source says."""
    return None if language == "zh" else language


@cache
def _identifier() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(_LATIN_LANGUAGES)
    return identifier
