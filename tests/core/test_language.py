"""Language per document: labelled by hand here, and by whole collections of one language where those are at hand."""

from __future__ import annotations

import csv
import gzip
import io
import os
import zipfile
from pathlib import Path

import pytest

from tasks.core.language import detect_language, language_of_hint

SHARED = Path(os.environ.get("MARKETBRIEF_SHARED_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))

ENGLISH = [
    "Nice app.",
    "great!",
    "ok",
    "Love it",
    "good",
    "Worst",
    "SUPER",
    "5 stars",
    "Can't login since the update",
    "The grinder is loud but the coffee tastes great.",
    "My Nike order from Café Müller never arrived, I want a refund",
    "Xiaomi 小米 is great",
    "I bought the 小米 phone because my brother told me it was good",
    "@united thanks",
    "THE DELIVERY TOOK THREE WEEKS AND NOBODY ANSWERED",
    "Ｇｒｅａｔ ａｐｐ， ｅａｓｙ ｔｏ ｕｓｅ",
    "Beats expectations: Apple earnings rise 8%",
    "works as expected",
    "lol 😂😂😂",
]

CHINESE = [
    "好",
    "很好用！",
    "物流太慢了，等了两个星期。",
    "iPhone 15 Pro Max 很好用",
    "app很好用，wifi不行",
    "質量不錯，下次還會再來",
    "用了 Northwind 的咖啡机，Latte 很好喝",
    "小米 Redmi Note 13 Pro+ 5G 手机，不错",
    "差评！！！",
    "👍 不错",
    "我の最爱",
    "ＮＢＡ 球鞋，正品",
]

OTHER = {
    "de": [
        "Die Maschine ist nach zwei Wochen kaputt gegangen.",
        "Sehr gut, schnelle Lieferung",
        "Kundendienst antwortet nicht, ich möchte mein Geld zurück.",
    ],
    "fr": ["Très bien fait, je recommande vivement.", "La livraison a pris trois semaines et personne ne répond."],
    "es": ["La cafetera dejó de funcionar a los dos días.", "Muy buena calidad, la recomiendo a todos"],
    "pt": ["O aplicativo é muito bom, mas trava o tempo todo.", "Não gostei, chegou quebrado e ninguém responde"],
    "it": ["Ottimo prodotto, consegna velocissima.", "La macchina fa un rumore terribile e il caffè è freddo"],
    "nl": ["Heel blij met dit apparaat, het werkt uitstekend.", "De levering duurde drie weken en niemand neemt op"],
    "sv": ["Jag är mycket nöjd med den här maskinen.", "Leveransen tog tre veckor och ingen svarar"],
    "pl": ["Bardzo dobra jakość, polecam wszystkim.", "Po dwóch tygodniach przestało działać"],
    "tr": ["Çok güzel bir ürün, herkese tavsiye ederim.", "Kargo çok geç geldi ve kimse cevap vermiyor"],
    "id": ["Aplikasi ini sangat bagus dan mudah digunakan.", "Pengiriman lama sekali dan tidak ada yang menjawab"],
    "vi": ["Sản phẩm rất tốt, giao hàng nhanh.", "Máy bị hỏng sau hai tuần sử dụng"],
    "ru": ["Отличная кофеварка, очень довольна.", "Ужасно"],
    "ja": ["とても良い商品です。", "配送が遅い、最悪でした", "最高です"],
    "ko": ["배송이 너무 느려요.", "정말 좋아요 iPhone 최고"],
    "ar": ["التطبيق ممتاز وسهل الاستخدام", "خدمة سيئة جدا"],
    "th": ["แอปนี้ดีมากใช้งานง่าย"],
    "hi": ["यह मशीन बहुत अच्छी है"],
    "el": ["Πολύ καλή εφαρμογή, τη συνιστώ."],
    "he": ["אפליקציה מצוינת וקלה לשימוש"],
}


@pytest.mark.parametrize("text", ENGLISH)
def test_english(text):
    assert detect_language(text) == "en"


@pytest.mark.parametrize("text", CHINESE)
def test_chinese(text):
    assert detect_language(text) == "zh"


@pytest.mark.parametrize(("language", "text"), [(code, text) for code, texts in OTHER.items() for text in texts])
def test_other_languages(language, text):
    assert detect_language(text) == "other", language


@pytest.mark.parametrize("text", ["👍", "!!!", "5/5", "", "   ", "https://example.com/a/b", "[email] [phone]"])
def test_a_text_without_letters_takes_the_hint(text):
    assert detect_language(text) == "other"
    assert detect_language(text, "en-US") == "en"
    assert detect_language(text, "zh_CN") == "zh"


def test_hint_decides_only_what_the_text_does_not():
    assert detect_language("super", "de") == "other"
    assert detect_language("super", "en") == "en"
    assert detect_language("super", "zh") == "en", "Latin letters are not Chinese, whatever the source says"
    assert detect_language("这个很好用，推荐", "en") == "zh"
    assert detect_language("The delivery was late and the box was broken.", "de") == "en"


@pytest.mark.parametrize(
    ("hint", "language"),
    [
        ("en-GB", "en"), ("EN", "en"), ("English", "en"), ("zh_Hans_CN", "zh"), ("中文", "zh"), ("cmn", "zh"),
        ("de", "other"), ("pt-BR", "other"), ("German", "other"), ("", None), (None, None), ("und", None), ("?", None),
    ],
)  # fmt: skip
def test_words_for_languages(hint, language):
    assert language_of_hint(hint) == language


def _column(path: Path, name: str, limit: int) -> list[str]:
    content = path.read_bytes()
    if path.suffix == ".gz":
        content = gzip.decompress(content)
    elif path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            content = archive.read(archive.namelist()[0])
    rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    texts = [row[name] for _, row in zip(range(limit), rows, strict=False)]
    return [text for text in texts if text.strip()]


@pytest.mark.shared
@pytest.mark.parametrize(
    ("folder", "pattern", "column", "language"),
    [
        ("twitter_us_airline", "*.csv*", "text", "en"),
        ("datafiniti_amazon", "*.csv.gz", "reviews.title", "en"),
        ("zh_online_shopping_10_cats", "*.zip", "review", "zh"),
    ],
)
def test_collections_of_one_language(folder, pattern, column, language):
    files = sorted((SHARED / folder).glob(pattern))
    if not files:
        pytest.skip(f"{folder} is not at hand: set MARKETBRIEF_SHARED_DATA")
    texts = _column(files[0], column, 3000)
    right = sum(detect_language(text) == language for text in texts)
    assert right / len(texts) >= 0.995
