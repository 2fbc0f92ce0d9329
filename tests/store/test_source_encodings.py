"""Bytes of any common encoding become the text that was written."""

import pytest

from tasks.errors import ConfigError
from tasks.store.sources.encodings import check_encoding, decode

CHINESE = (
    "编号,评论,日期\n1,这款咖啡机用了三天就坏了，客服态度很差,2025-07-01\n2,物流很快，包装完整，推荐购买,2025-07-02\n"
)
TRADITIONAL = (
    "編號,評論,日期\n1,這款咖啡機用了三天就壞了，客服態度很差,2025-07-01\n2,物流很快，包裝完整，推薦購買,2025-07-02\n"
)
FRENCH = "id,texte,date\n1,Très bonne cafetière mais l’écran est déjà cassé – 20 €,2025-07-01\n"
GERMAN = "id,text,datum\n1,Größe paßt; würde ich wieder kaufen,2025-07-01\n"
RUSSIAN = "id,текст,дата\n1,Отличная кофеварка, но сломалась через два дня,2025-07-01\n"
JAPANESE = "id,本文,日付\n1,このアプリはとても使いやすいです。でも時々落ちます,2025-07-01\n"
KOREAN = "id,본문,날짜\n1,커피 머신이 고장났어요 환불 해주세요,2025-07-01\n"


@pytest.mark.parametrize("text", [CHINESE, TRADITIONAL, FRENCH, GERMAN, RUSSIAN, "id,text\n1,plain\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le"])
def test_unicode_with_and_without_a_byte_order_mark(text, encoding):
    assert decode(text.encode(encoding)).text == text


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (CHINESE, "gb18030"),
        (CHINESE, "gbk"),
        (TRADITIONAL, "big5"),
        (FRENCH, "cp1252"),
        (GERMAN, "latin-1"),
        (RUSSIAN, "cp1251"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "euc_jp"),
        (KOREAN, "euc_kr"),
    ],
)
def test_older_encodings_are_recognised(text, encoding):
    assert decode(text.encode(encoding)).text == text


def test_chinese_that_stands_late_in_a_file_is_found():
    text = "id,text\n" + "".join(f"{number},ok\n" for number in range(60_000)) + "x,手机很好用，物流很快\n"
    assert decode(text.encode("gb18030")).text == text


def test_a_configured_encoding_wins_over_a_guess_but_not_over_a_byte_order_mark():
    assert decode("é".encode("cp1252"), encoding="cp1250").text == "é"
    assert decode("ŕ".encode("cp1250"), encoding="cp1250").text == "ŕ"
    assert decode(b"\xef\xbb\xbf" + "字".encode(), encoding="gb18030").text == "字"


def test_a_few_broken_bytes_do_not_make_another_encoding():
    data = ("字,评论很好\n" * 50).encode() + b"x,caf\xe9\n"
    decoded = decode(data)
    assert (decoded.encoding, decoded.has_bad_bytes) == ("utf-8", True)
    assert decoded.text.encode("utf-8", "surrogateescape") == data


def test_stray_zero_bytes_do_not_make_wide_characters():
    for text in ("id,text\n1,a\x00b\n2,c\x00d\n", "id,text,date\n\x000\x000\x00"):
        assert decode(text.encode()).text == text


@pytest.mark.parametrize(
    "data", [b"", b"\xff", b"\xff\xfe", b"\xff\xfe\x00", b"\x80" * 50, bytes(range(256)) * 20, b"\0" * 99]
)
@pytest.mark.parametrize("encoding", [None, "utf-8", "utf-16", "gb18030", "ascii"])
def test_no_bytes_fail(data, encoding):
    assert isinstance(decode(data, encoding=encoding).text, str)


@pytest.mark.parametrize("name", ["utf-9", "hex", "zip", ""])
def test_an_unknown_encoding_is_a_configuration_error(name):
    with pytest.raises(ConfigError, match="encoding"):
        check_encoding(name)
    check_encoding("GB2312")
