"""Bytes into text, whatever wrote them.

A byte order mark decides, then the configured encoding, then UTF-8 where the bytes allow it. Otherwise the likeliest
of GB18030, Big5, Japanese, Korean, Cyrillic and Western European encodings is taken: Chinese by how much of it would
be everyday characters, the others by charset-normalizer. Bytes that the encoding does not allow are kept as lone
surrogates (`surrogateescape`), so that only the records that hold them are lost, and their bytes can be stored.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from charset_normalizer import from_bytes

from tasks.errors import ConfigError

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_OTHERS = ["cp1252", "cp1251", "shift_jis", "euc_jp", "euc_kr"]
_SAMPLE_BYTES = 200_000
_LINES_BEYOND_ASCII = re.compile(rb"[^\n]*[\x80-\xff][^\n]*\n?")
# Lead bytes of the everyday characters: GB2312 level 1 (3,755) and Big5 level 1 (5,401); and of full-width punctuation.
_GB_PAIR = re.compile(rb"[\xb0-\xd7][\xa1-\xfe]|\xa1[\xa2-\xbf]|\xa3[\xa1-\xfe]")
_BIG5_PAIR = re.compile(rb"[\xa4-\xc6][\x40-\x7e\xa1-\xfe]|\xa1[\x41-\x7e\xa1-\xac]")
_HIGH = re.compile(rb"[\x80-\xff]")
_CJK = re.compile("[\u3400-\u9fff\u3000-\u303f\uff00-\uffef]")
_MIN_EVERYDAY_SHARE = 0.8


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text, the encoding it was read in, and whether some bytes did not fit (they are lone surrogates now)."""

    text: str
    encoding: str
    has_bad_bytes: bool


def check_encoding(name: str) -> None:
    """Raise ConfigError where a configured encoding does not exist."""
    try:
        "".encode(name)
    except LookupError as error:
        raise ConfigError(
            f"Unknown text encoding {name!r}",
            fix="use a name that Python knows, such as utf-8, gb18030, big5 or cp1252",
        ) from error


def decode(data: bytes, *, encoding: str | None = None) -> Decoded:
    """Text of bytes; never fails."""
    for mark, name in _BOMS:
        if data.startswith(mark):
            return _decode_as(data[len(mark) :], name)
    if encoding is not None:
        return _decode_as(data, encoding)
    return _decode_as(data, detect(data))


def detect(data: bytes) -> str:
    """The likeliest encoding of bytes without a byte order mark."""
    wide = _wide_encoding(data)
    if wide is not None:
        return wide
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        return "utf-8"
    sample = b"".join(_LINES_BEYOND_ASCII.findall(data[: 20 * _SAMPLE_BYTES]))[:_SAMPLE_BYTES] or data[:_SAMPLE_BYTES]
    if _is_mostly_utf8(sample):
        return "utf-8"
    gb_share, big5_share = _everyday_share(sample, "gb18030", _GB_PAIR), _everyday_share(sample, "big5", _BIG5_PAIR)
    if max(gb_share, big5_share) >= _MIN_EVERYDAY_SHARE and not _looks_japanese_or_korean(sample):
        return "gb18030" if gb_share >= big5_share else "big5hkscs"
    best = from_bytes(sample, cp_isolation=_OTHERS, preemptive_behaviour=False).best()
    name = best.encoding if best is not None else "cp1252"
    if name in ("cp1252", "ascii"):
        return "latin-1" if re.search(rb"[\x81\x8d\x8f\x90\x9d]", data) else "cp1252"
    return name


def _decode_as(data: bytes, encoding: str) -> Decoded:
    try:
        return Decoded(data.decode(encoding), encoding, has_bad_bytes=False)
    except UnicodeDecodeError:
        pass
    try:
        return Decoded(data.decode(encoding, "surrogateescape"), encoding, has_bad_bytes=True)
    except UnicodeDecodeError:
        # Encodings with wide units can't carry single bytes along: what does not fit becomes a lone surrogate.
        text = data.decode(encoding, "replace").replace("\ufffd", "\udcff")
        return Decoded(text, encoding, has_bad_bytes=True)


def _wide_encoding(data: bytes) -> str | None:
    """UTF-16 or UTF-32 without a byte order mark, by where the zero bytes of ASCII characters stand."""
    head = data[: min(len(data), 4_000) // 4 * 4]
    if len(head) < 8 or head.count(0) < max(2, len(head) // 100):
        return None
    quarters = [head[i::4].count(0) / (len(head) // 4) for i in range(4)]
    even, odd = quarters[0] + quarters[2], quarters[1] + quarters[3]
    if min(quarters[1:]) > 0.6 > quarters[0] or min(quarters[2:]) > 0.9:
        likely = "utf-32-le"
    elif min(quarters[:3]) > 0.6 > quarters[3] or min(quarters[:2]) > 0.9:
        likely = "utf-32-be"
    elif max(even, odd) > 3 * min(even, odd):
        likely = "utf-16-le" if odd > even else "utf-16-be"
    else:
        return None
    try:
        text = head.decode(likely, "strict" if likely.startswith("utf-32") else "surrogatepass")
    except UnicodeDecodeError:
        return None
    # A few stray zero bytes do not make wide characters: those have line ends of their own width.
    has_line_end = re.search(r"[\r\n]", text) is not None
    return likely if has_line_end and not _is_utf8_with_stray_zeros(head) else None


def _is_utf8_with_stray_zeros(head: bytes) -> bool:
    """True where bytes, cut off anywhere, are UTF-8 in which few zero bytes and no other control bytes stand."""
    if head.count(0) >= len(head) // 4 or re.search(rb"[\x01-\x08\x0e-\x1f]", head):
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return True


def _is_mostly_utf8(sample: bytes) -> bool:
    """True where most characters beyond ASCII are valid UTF-8: a few broken lines do not make another encoding."""
    text = sample.decode("utf-8", "surrogateescape")
    bad = len(re.findall("[\udc80-\udcff]", text))
    good = len(re.findall("[^\x00-\x7f\udc80-\udcff]", text))
    return good > 4 * bad


def _everyday_share(sample: bytes, encoding: str, everyday: re.Pattern[bytes]) -> float:
    """Share of the bytes beyond ASCII that an encoding would read as everyday characters."""
    text = sample.decode(encoding, "replace")
    if text.count("\ufffd") > max(1, len(text) // 500):
        return 0.0
    found = sum(len(_HIGH.findall(pair)) for pair in everyday.findall(sample))
    return min(1.0, found / max(1, len(_HIGH.findall(sample)))) if _CJK.search(text) else 0.0


def _looks_japanese_or_korean(sample: bytes) -> bool:
    """True where kana or Hangul fill an East Asian text of the same byte ranges."""
    japanese = sample.decode("euc_jp", "ignore")
    kana = len(re.findall("[\u3041-\u30ff]", japanese))
    if kana > 0.3 * len(re.findall("[\u3041-\u30ff\u4e00-\u9fff]", japanese)) > 0:
        return True
    try:
        korean = sample.decode("euc_kr")
    except UnicodeDecodeError:
        return False
    hangul = len(re.findall("[\uac00-\ud7a3]", korean))
    return hangul > 0.9 * len(re.findall("[\uac00-\ud7a3\u4e00-\u9fff]", korean)) and " " in korean
