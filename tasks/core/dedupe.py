"""Which documents are exact copies of each other, and which are no customer's or journalist's words at all.

Copies: a long text that says the same (letters and digits, without case, width and punctuation) as another document
of its kind is a copy of it, whoever wrote it. A short text ("good", "好用") is what many people write of themselves:
it is a copy only where source, brand, author and day agree too.

Spam: few rules, each explainable and each worth a wrong "not spam" rather than a wrong "spam". The rule that needs
the whole set, one long text under many brands or authors, is sql/staging/duplicate.sql.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date

from tasks.core.documents import stable_hash
from tasks.core.text import matching_key, meaning_length

# Letters of meaning (a Han character counts as 25/12) from which the same words are no coincidence.
LONG_LETTERS = 25
# From which the same words under many names are a campaign: honest people share "works great, fast delivery".
CAMPAIGN_LETTERS = 80
CAMPAIGN_BRANDS = 3
CAMPAIGN_AUTHORS = 5

SPAM_REASONS = {
    "link_only": "Nothing but links.",
    "contact_promotion": "Advertises something and gives a contact to follow up.",
    "referral_code": "Offers the author's own referral code.",
    "copied_across_brands": "The same long review under three brands or five authors.",
}

# Longer texts that hold a contact and a word of advertising are mostly stories about it.
_MAX_PROMOTION_CHARS = 600
_LINK = re.compile(
    r"(?:https?://|www\.)[!-~]{1,2000}|\b(?:t\.me|wa\.me|bit\.ly|tinyurl\.com)/[!-~]{1,200}", re.IGNORECASE
)
_MARK = re.compile(r"\[(?:email|phone|id|card|iban|contact)\]")
_CONTACT = re.compile(
    r"\[(?:phone|contact|email)\]|https?://|\bt\.me/|\bwa\.me/"
    r"|(?:telegram|whats ?app|instagram|insta|ig|signal)\b.{0,20}?@\w{4,32}"
    r"|@\w{4,32} (?:on|via) (?:telegram|whats ?app|instagram|ig)\b"
    r"|(?:微信|加微|加v|vx|qq)[^,.;!?，。；！？]{0,8}[a-z0-9_-]{5,20}",
    re.IGNORECASE,
)
_PROMOTION = re.compile(
    r"\b(?:earn|earned|earning|make|made|making) (?:(?:up to|over|about|around|an|extra) ){0,2}(?:[$€£₹]|usd|rs\.?) ?\d"
    r"|\b(?:work|earn|make money|making money|income) (?:from|at) home\b|\bpart[- ]time job\b|\bpassive income\b"
    r"|\bget rich\b"
    r"|\b(?:forex|crypto|bitcoin|binary options?) (?:trad(?:er|ing)|invest\w*|account manager|expert)"
    r"|\b(?:recover(?:ed|y)?|retrieve[ds]?) (?:\w+ ){0,4}(?:funds?|money|bitcoins?|crypto|account|password)\b.{0,80}"
    r"\b(?:hack(?:er)?s?|expert|agent)\b"
    r"|\b(?:buy|cheap|get|sell(?:ing)?) (?:\w+ )?(?:followers|likes|subscribers|reviews|backlinks)\b"
    r"|\bspell cast(?:er|ing)\b|\bbest seo (?:service|agency|expert)"
    r"|\b(?:personal|instant|payday) loans?\b.{0,40}\b(?:apply|contact|approved)"
    r"|\bdm me for\b|\b(?:free|cheap) (?:gift cards?|iptv|v-?bucks)\b",
    re.IGNORECASE | re.DOTALL,
)
_PROMOTION_ZH = re.compile(
    r"兼职|日赚|日入|月入[过上]?[万\d]|日结|刷单|招代理|诚招|招商加盟|免费领[取娶]?|领[取娶](?:优惠|红包|福利|内部)|返利|返现群|加群领"
    r"|内部(?:优惠|折扣|券)|优惠券领|隐藏(?:优惠)?券|代开发票|办证|贷款秒|低息贷款|无抵押|网贷|炒股|荐股|博彩|棋牌|包赢|躺赚"
    r"|宝妈.{0,10}(?:赚|副业)|副业.{0,6}赚"
    r"|(?:高仿|A货|原单|尾货).{0,30}(?:批发|一手|货源)|一手货源|淘宝(?:开店|培训)",
    re.IGNORECASE,
)
# The code itself must follow: "my referral code did not work" is a complaint.
_REFERRAL = re.compile(
    r"\bmy (?:\w+ )?(?:referr?al|invite|invitation|refer) ?(?:code|id)\b.{0,20}?"
    r"(?-i:\b[A-Z0-9]*[0-9][A-Z0-9]*\b)(?<=\w{5})"
    r"|我的(?:邀请|推荐)码\W{0,3}[是为]?\W{0,3}[a-z0-9]{4,14}",
    re.IGNORECASE,
)


def duplicate_key(
    *,
    document_id: str,
    text: str,
    kind: str,
    source: str,
    brand: str | None,
    author_hash: str | None,
    published_on: date,
) -> str:
    """Equal keys are exact copies; 32 hex digits.

    Args:
        text: repaired and redacted text of the document.
        published_on: the UTC day, or the date itself where only a date is known.
    """
    key = matching_key(text)
    if meaning_length(key) >= LONG_LETTERS:
        return stable_hash("long", kind, key)
    if author_hash is None:
        return stable_hash("alone", document_id)
    symbols = key or "".join(unicodedata.normalize("NFKC", text).split())
    return stable_hash("short", kind, source, brand, author_hash, published_on.isoformat(), symbols)


def spam_reason(text: str, kind: str) -> str | None:
    """Code of the spam rule that fires on a repaired and redacted text; None for everything else.

    Competitors' own pages are never spam: they advertise by nature. Codes and their meaning: SPAM_REASONS.
    """
    if kind == "competitor":
        return None
    if _LINK.search(text) and not matching_key(_MARK.sub("", _LINK.sub("", text))):
        return "link_only"
    if kind != "review":
        return None
    if len(text) <= _MAX_PROMOTION_CHARS and _CONTACT.search(text) and _promotes(text):
        return "contact_promotion"
    if _REFERRAL.search(text):
        return "referral_code"
    return None


def _promotes(text: str) -> bool:
    """Whether a text advertises; Chinese advertisers like to put blanks between the characters."""
    return bool(_PROMOTION.search(text) or _PROMOTION_ZH.search("".join(text.split())))
