"""Texts as they arrive made readable: repaired encoding, no markup, no invisible characters, tidy whitespace.

What arrives: text of reviews, feeds and pages with mojibake ("donâ€™t"), escapes of other programs (`<U+2019>`,
`\\u2019`), HTML entities and tags, control, zero-width and direction characters. What leaves: NFC text whose
paragraphs stand a blank line apart. Words are never changed: full-width punctuation, curly quotes and emoji stay.

`document_text` is what every model reads; `matching_key` is only ever compared, never shown.
"""

from __future__ import annotations

import html
import re
import unicodedata

import ftfy

_MAX_MARKUP_PASSES = 3
_FTFY = ftfy.TextFixerConfig(
    unescape_html=False,
    remove_terminal_escapes=True,
    fix_latin_ligatures=False,
    fix_character_width=False,
    uncurl_quotes=False,
    fix_line_breaks=True,
    fix_surrogates=True,
    remove_control_chars=False,
    normalization=None,
)

_SUSPICIOUS_ASCII = re.compile(r"[<&\\\x00-\x08\x0b-\x1f\x7f]")
_ESCAPE = re.compile(r"<U\+([0-9A-Fa-f]{4,8})>|\\u([0-9A-Fa-f]{4})")
_R_BYTES = re.compile(r"(?:<[0-9a-f]{2}>){2,}")
# UTF-8 read as GBK: these characters stand for the first bytes of common Chinese words and hardly occur otherwise.
_UTF8_AS_GBK = re.compile(r"[鎴鐨锛銆鏄鍦鎵绗鑰涓]")
_ENTITY = re.compile(
    r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});|&(?:nbsp|amp|lt|gt|quot)(?![\w;=])"
)
_HIDDEN_START = re.compile(r"<(?:(script|style|template)\b|!--)", re.IGNORECASE)
_BREAK_TAG = re.compile(r"</?br\s{0,9}/?>|</(?:li|tr|dt|dd|option)>|<hr\s{0,9}/?>", re.IGNORECASE)
_BLOCK_TAG = re.compile(
    r"</?(?:p|div|h[1-6]|ul|ol|dl|table|tbody|thead|blockquote|pre|section|article|header|footer|figure|aside|main|nav|form)"
    r"(?:\s[^<>]{0,2000})?/?>",
    re.IGNORECASE,
)
_INLINE_TAG = re.compile(
    r"</?(?:a|abbr|acronym|address|audio|b|big|body|button|caption|center|cite|code|col|dd|del|dfn|dt|em|embed|font|"
    r"figcaption|head|html|i|iframe|img|input|ins|kbd|label|li|link|mark|meta|noscript|object|option|param|picture|q|s|samp|"
    r"script|select|small|source|span|strike|strong|style|sub|sup|svg|td|template|textarea|th|title|tr|tt|u|var|video|wbr)"
    r"(?:\s[^<>]{0,2000})?/?>",
    re.IGNORECASE,
)

_LINE_BREAKS = re.compile(r"\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff0-\ufffc\ufffe\uffff"
    "\ud800-\udfff\U000e0100-\U000e01ef]"
)
# A joiner has a meaning inside emoji sequences and in scripts whose letters join; a tag character only in a flag.
_JOINERS = re.compile("[\u200c\u200d]")
_MAY_JOIN = re.compile("[\u0600-\u08ff\u0900-\u109f\u1780-\u18af\u2190-\u2bff\ufe0f\U0001f000-\U0001faff]")
_TAGS = re.compile("(\U0001f3f4[\U000e0020-\U000e007f]{1,8})|[\U000e0000-\U000e007f]")
_BLANKS = re.compile(r"[^\S\n]+")
_BLANKS_AT_LINE_END = re.compile(r" ?\n ?")
_EMPTY_LINES = re.compile(r"\n{2,}")

_ASCII_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_NO_MEANING = re.compile(r"[\W_]+")
_DENSE = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff]")
DENSE_WEIGHT = 25 / 12
_ELLIPSIS = (" ...", "...", "…")


def repair(text: str) -> tuple[str, bool]:
    """Make a plain-text field readable.

    Returns:
        NFC text (paragraphs a blank line apart, no other runs of whitespace), and whether anything but
        whitespace was changed.
    """
    is_plain = text.isascii() and not _SUSPICIOUS_ASCII.search(text)
    tidy = _tidy_whitespace(text if is_plain else _clean(text))
    return tidy, tidy != text and "".join(tidy.split()) != "".join(text.split())


def document_text(title: str | None, body: str) -> str:
    """Title, blank line, body; the body alone where there is no title or the body already begins with it.

    A title that was cut off ("Great shoes but…") counts as the body's beginning, too.
    """
    if not title:
        return body
    if not body:
        return title
    beginning = title
    for ellipsis in _ELLIPSIS:
        beginning = beginning.removesuffix(ellipsis)
    if matching_key(body[: 2 * len(beginning) + 20]).startswith(matching_key(beginning)):
        return body
    return f"{title}\n\n{body}"


def one_line(text: str) -> str:
    """The text with every run of whitespace as one space."""
    return " ".join(text.split())


def matching_key(text: str) -> str:
    """What two texts have in common when only case, width, spacing, punctuation and symbols differ.

    NFKC, case-folded, letters and digits only; empty for a text of punctuation or emoji.
    """
    if text.isascii():
        return _NO_MEANING.sub("", text.lower())
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return _NO_MEANING.sub("", folded)


def meaning_length(key: str) -> float:
    """Length of a matching key in Latin letters: a Han, kana or Hangul character says as much as 25/12 of them."""
    if key.isascii():
        return len(key)
    return len(key) + (DENSE_WEIGHT - 1) * len(_DENSE.findall(key))


def _clean(text: str) -> str:
    text = _unescape_programs(text)
    if not text.isascii():
        text = _repair_gbk(ftfy.fix_text(text, _FTFY))
    text = _strip_markup(text)
    text = _LINE_BREAKS.sub("\n", text)
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return _remove_unseen(text)


def _unescape_programs(text: str) -> str:
    """Escapes that R (`<U+2019>`, `<e2><80><99>`) and JSON printed twice (`\\u2019`) leave in exports."""
    if "<U+" in text or "\\u" in text:
        text = _ESCAPE.sub(lambda match: _char(int(match[1] or match[2], 16), match[0]), text)
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if "<" in text:
        text = _R_BYTES.sub(_decode_r_bytes, text)
    return text


def _char(code: int, escape: str) -> str:
    return chr(code) if code <= 0x10FFFF else escape


def _decode_r_bytes(match: re.Match[str]) -> str:
    try:
        return bytes.fromhex(match[0].replace("<", "").replace(">", "")).decode("utf-8")
    except UnicodeDecodeError:
        return match[0]


def _repair_gbk(text: str) -> str:
    """Undo UTF-8 that was read as GBK, where the whole text turns into valid UTF-8 that is mostly Han."""
    if len(_UTF8_AS_GBK.findall(text)) < 2:
        return text
    try:
        original = text.encode("gb18030").decode("utf-8")
    except UnicodeError:
        return text
    is_better = 2 * len(_DENSE.findall(original)) > len(original.replace(" ", "")) / 2 and len(original) < len(text)
    return original if is_better else text


def _strip_markup(text: str) -> str:
    """Entities become characters; known HTML tags go, those of blocks leave a line break. "<3" and "a < b" stay."""
    for _ in range(_MAX_MARKUP_PASSES):
        before = text
        if "&" in text:
            text = _ENTITY.sub(lambda match: html.unescape(match[0]), text)
        if "<" in text:
            text = _remove_hidden(text)
            text = _BREAK_TAG.sub("\n", text)
            text = _BLOCK_TAG.sub("\n\n", text)
            text = _INLINE_TAG.sub("", text)
        if text == before:
            break
    return text


def _remove_hidden(text: str) -> str:
    """Remove comments, and scripts, styles and templates with what they hold. One without an end stays."""
    parts: list[str] = []
    position = 0
    without_end: set[str] = set()
    lowered = text.translate(_ASCII_LOWER)
    for match in _HIDDEN_START.finditer(lowered):
        end_mark = f"</{match[1]}>" if match[1] else "-->"
        if match.start() < position or end_mark in without_end:
            continue
        end = lowered.find(end_mark, match.end())
        if end < 0:
            without_end.add(end_mark)
            continue
        parts.append(text[position : match.start()])
        position = end + len(end_mark)
    parts.append(text[position:])
    return " ".join(parts)


def _remove_unseen(text: str) -> str:
    """Remove control, direction, zero-width and tag characters; keep what joins an emoji or a joining script."""
    text = _UNSEEN.sub("", text)
    if text.isascii():
        return text
    if max(text) >= "\U000e0000":
        text = _TAGS.sub(lambda match: match[1] or "", text)
    return _JOINERS.sub(_keep_joiner, text)


def _keep_joiner(match: re.Match[str]) -> str:
    text, place = match.string, match.start()
    before, after = text[place - 1 : place], text[place + 1 : place + 2]
    return match[0] if _MAY_JOIN.match(before) and _MAY_JOIN.match(after) else ""


def _tidy_whitespace(text: str) -> str:
    text = _BLANKS.sub(" ", text)
    if "\n" in text:
        text = _EMPTY_LINES.sub("\n\n", _BLANKS_AT_LINE_END.sub("\n", text))
    return text.strip()
