"""Which texts are nobody's words about a product: a few rules, each with a code that explains it.

Every rule would rather miss spam than call a customer's words spam: an advertisement is one only where it also says
how to follow it up. The rule that needs the whole set (one long text under many names) is sql/staging/duplicate.sql.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise

from tasks.core.text import matching_key

SPAM_REASONS = {
    "link_only": "Nothing but links.",
    "contact_promotion": "Advertises something and gives a contact or link to follow up.",
    "referral_code": "Offers the author's own referral code.",
    "keyword_stuffing": "Search words in a row instead of sentences.",
    "repeated_promotion": "Mostly the same words again and again, and a link.",
    "gibberish": "No words of any language: keys hit at random, or filler text.",
    "copied_across_brands": "The same long review under three brands or five authors.",
}

# Longer texts that hold a contact and a word of advertising are mostly stories about it.
_MAX_PROMOTION_CHARS = 600

_LINK = re.compile(
    r"(?:https?://|www\.)[!-~]{1,2000}|\b(?:t\.me|wa\.me|bit\.ly|tinyurl\.com)/[!-~]{1,200}", re.IGNORECASE
)
_MARK = re.compile(r"\[(?:email|phone|id|card|iban|contact)\]")
_CONTACT = re.compile(
    r"\[(?:phone|contact|email)\]|https?://|\bwww\.|\bt\.me/|\bwa\.me/"
    r"|(?:telegram|whats ?app|instagram|insta|ig|signal)\b.{0,20}?@\w{4,32}"
    r"|@\w{4,32} (?:on|via) (?:telegram|whats ?app|instagram|ig)\b|\bcontact @\w{4,32}|\bskype\W{0,3}live:"
    r"|\b[a-z0-9-]{3,30}\.(?:com|net|org|info|biz|xyz|shop|store|online|site|top|club|vip|io|ru|cn|example)\b"
    r"|(?:微信|加微|加v|v信|vx|qq|扣扣|群号)[^,.;!?，。；！？]{0,8}[a-z0-9_-]{5,20}|公众号[ :：]?[“\"「【]"
    r"|扫码(?:进|加)群",
    re.IGNORECASE,
)
_PROMOTION = re.compile(
    r"\b(?:earn|earned|earning|make|made|making) (?:(?:up to|over|about|around|an|extra) ){0,2}(?:[$€£₹]|usd|rs\.?) ?\d"
    r"|\b(?:earns?|makes?) \d[\d,.]{0,9} ?(?:dollars|bucks|euros?|pounds|usd)"
    r" (?:a|per|every|each) (?:hour|day|week|month)"
    r"|\b(?:work|earn|make money|making money|income) (?:from|at) home\b|\bpart[- ]time job\b|\bpassive income\b"
    r"|\bget rich\b"
    r"|\b(?:forex|crypto|bitcoin|trading|binary options?) (?:signals|trad(?:er|ing)|invest\w{0,9}|account manager"
    r"|expert)"
    r"|\b(?:recover(?:ed|y)?|retrieve[ds]?) (?:\w{1,20} ){0,4}(?:funds?|money|bitcoins?|crypto|account|password)\b"
    r".{0,80}\b(?:hack(?:er)?s?|expert|agent)\b"
    r"|\b(?:buy|cheap|get|sell(?:ing)?) (?:\w{1,20} )?(?:followers|likes|subscribers|reviews|backlinks)\b"
    r"|\b(?:followers|likes|reviews|ratings|five stars|subscribers) for your"
    r" (?:shop|store|page|account|business|channel)\b"
    r"|\bspell cast(?:er|ing)\b|\bbest seo (?:service|agency|expert)"
    r"|\b(?:personal|instant|payday) loans?\b.{0,40}\b(?:apply|contact|approved)"
    r"|\bdm me for\b|\b(?:free|cheap) (?:gift cards?|iptv|v-?bucks|robux)\b"
    r"|\b(?:online|live|crypto) (?:casinos?|poker|betting|gambling)\b|\bslot gacor\b|\bsure ?bets?\b|\bfree spins\b"
    r"|\b(?:welcome|deposit) bonus\b|\bbet (?:on \w{1,20} )?with us\b"
    r"|\b(?:viagra|cialis)\b|\bwithout (?:a )?prescription\b"
    r"|\b(?:hot|sexy|lonely) (?:singles|girls|women|milfs)\b|\bescort service"
    r"|\bmod apk\b|\bunlimited (?:coins|gems|gold)\b"
    r"|\b(?:sell|buy) (?:your )?(?:accounts?|gold) (?:or|and) (?:buy |sell )?(?:gold|accounts?)\b"
    r"|\b(?:essays?|assignments?|homework) (?:written|writing|help)\b|\bplagiarism[- ]free\b"
    r"|\b(?:replica|1:1) (?:rolex|gucci|watch\w{0,2}|bags?|shoes|quality)\b"
    r"|\bselected to (?:win|receive)\b|\bclaim your (?:prize|reward|gift)\b"
    r"|\bgiveaway\b.{0,60}\b(?:btc|eth|bitcoin|crypto)\b"
    r"|\b(?:btc|eth|bitcoin)\b.{0,60}\bgiveaway\b"
    r"|\b(?:visit|check out|subscribe to) my (?:shop|store|channel|page|site|website|profile)\b"
    r"|\b(?:promo|coupon|discount) code [A-Z0-9]{4,15} for \d{1,2} ?%"
    r"|\b\d[\d,.]{2,9}k? (?:instagram |tiktok |youtube |real )?(?:followers|likes|subscribers|views) for\b"
    r"|\b(?:got|get) (?:all )?my (?:money|funds|bitcoin) back\b.{0,60}\bcontact @",
    re.IGNORECASE | re.DOTALL,
)
# An offer, and the call to take it up at once behind a link.
_OFFER = re.compile(r"\b\d{2} ?% off\b|\bfor free\?|\b(?:want|get|win) (?:a|an|this|your) free \w", re.IGNORECASE)
_CALL = re.compile(
    r"\b(?:use|enter) code [a-z0-9]{4,20} at (?:https?://|www\.)|\bonly today\b|\bhurry\b|\blimited offer\b"
    r"|\bdon['’]t miss it\b|\b(?:go to|visit|click(?: on| here)?:?) (?:https?://|www\.)",
    re.IGNORECASE,
)
_PROMOTION_ZH = re.compile(
    r"兼职|日赚|日入|月入[过上]?[万\d]|日结|刷单|招代理|诚招|招商加盟|(?:免费|[0零]元)领[取娶]?|领[取娶](?:优惠|红包|福利|内部)"
    r"|返利|返现群|加群领|内部(?:优惠|折扣|券|渠道)|优惠券领|隐藏(?:优惠)?券|代开发票|办证|贷款秒|低息贷款|无抵押|网贷|炒股|荐股"
    r"|博彩|棋牌|包赢|躺赚|宝妈.{0,10}(?:赚|副业)|副业.{0,6}赚|厂家直[供销]|工厂直[供销]|代购.{0,10}(?:折|半价)"
    r"|(?:奢|名|大牌)(?:表|包|鞋).{0,6}(?:一比一|1[:：比]1|高仿)|(?:高仿|A货|原单|尾货).{0,30}(?:批发|一手|货源)|一手货源"
    r"|淘宝(?:开店|培训)"
    r"|时时彩|六合彩|彩票计划|百家乐|真人视讯|(?:线上|在线)(?:娱乐|赌)|首存|彩金|注册送\d|稳赚|包赚|博彩|内部消息"
    r"|代写|代考|包过|同城(?:交友|约)|美女(?:在线|陪)|上门服务|祖传秘方|根治|买粉|涨粉|涨赞|刷(?:赞|好评|评论|粉)"
    r"|高仿(?:名)?[牌表包鞋]|一比一|走私|水货|毕业证|出售.{0,6}(?:账号|金币)|想赚钱|零门槛|领(?:取)?(?:红包|皮肤|券)|加群领"
    r"|优惠券.{0,4}加群",
    re.IGNORECASE,
)
# The code itself must follow: "my referral code did not work" is a complaint.
_REFERRAL = re.compile(
    r"\bmy (?:\w{1,20} )?(?:referr?al|invite|invitation|refer) ?(?:code|id)\b.{0,20}?"
    r"(?-i:\b[A-Z0-9]*[0-9][A-Z0-9]*\b)(?<=\w{5})"
    r"|我的(?:邀请|推荐)码\W{0,3}[是为]?\W{0,3}[a-z0-9]{4,14}",
    re.IGNORECASE,
)

_KEY_RUNS = (
    "qwert",
    "werty",
    "asdf",
    "sdfg",
    "zxcv",
    "xcvb",
    "poiu",
    "oiuy",
    "lkjh",
    "kjhg",
    "mnbv",
    "nbvc",
    "hjkl",
    "uiop",
)
_HARD_WORD = re.compile(r"[bcdfghjklmnpqrstvwxz]{5}|\b([^aeiouy])\1{4,}\b|\b[bcdfghjklmnpqrstvwxz]{4,}\b")
_GIBBERISH_WORDS = 3
_FILLER = re.compile(r"\blorem ipsum dolor\b", re.IGNORECASE)
# One character over and over says something only where it is praise, blame or laughter.
_CHINESE_FILLER = re.compile(r"^([\u4e00-\u9fff])\1{9,}$")
_SAYING_CHARACTERS = frozenset("好赞棒美爽牛强香甜快差烂坏慢贵哈呵嘿嘻呜哭顶啊嗯哦哇爱谢")
# What a Chinese input method makes of keys hit at random (asdf, sdfs).
_CHINESE_KEYS = re.compile(r"阿斯顿(?!·?马丁)|阿斯蒂芬|阿萨德(?!尔)|啊实打实|啊手动阀|撒旦法|地方就阿|斯利康地")
_PROMOTED_REPEATS = 3
_PROMOTED_SHARE = 0.6

_STUFFING_WORDS = (10, 80)
_STUFFING_REPEATS = 3
_SENTENCE_MARK = re.compile(r"[.!?,;:。！？，；：]")
_TRADE = "buy cheap coupon deal deals discount online order outlet price sale shop shipping voucher"
_TRADE_WORDS = frozenset(_TRADE.split())
_SENTENCE = """
    a an and are but did do for good great had has have i in is it its like love my no not of on so that the they this
    to very was we were with you
"""
_SENTENCE_WORDS = frozenset(_SENTENCE.split())


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
    if _is_keyword_stuffing(text):
        return "keyword_stuffing"
    if _is_repeated_promotion(text):
        return "repeated_promotion"
    return "gibberish" if _is_gibberish(text) else None


def _promotes(text: str) -> bool:
    """Whether a text advertises; Chinese advertisers like to put blanks between the characters."""
    if _PROMOTION.search(text) or _PROMOTION_ZH.search("".join(text.split())):
        return True
    return bool(_LINK.search(text) and _OFFER.search(text) and _CALL.search(text))


def _is_keyword_stuffing(text: str) -> bool:
    """Whether a text is a row of search words: no sentence, a pair of words again and again, words of the trade."""
    if not text.isascii() or len(text) > _MAX_PROMOTION_CHARS or _SENTENCE_MARK.search(text):
        return False
    words = text.lower().split()
    if not _STUFFING_WORDS[0] <= len(words) <= _STUFFING_WORDS[1] or not _SENTENCE_WORDS.isdisjoint(words):
        return False
    pairs = Counter(pairwise(words))
    return max(pairs.values()) >= _STUFFING_REPEATS and len(_TRADE_WORDS.intersection(words)) >= 2


def _is_repeated_promotion(text: str) -> bool:
    """Whether a short text with a link says the same pair of words three times."""
    if len(text) > _MAX_PROMOTION_CHARS or not _CONTACT.search(text):
        return False
    words = re.findall(r"[^\W\d_]+", _LINK.sub("", text).lower())
    pairs = Counter(pair for pair in pairwise(words) if len(set(pair)) == 2)
    repeated = {
        place + shift
        for place, pair in enumerate(pairwise(words))
        if pairs[pair] >= _PROMOTED_REPEATS
        for shift in (0, 1)
    }
    return len(repeated) >= _PROMOTED_SHARE * len(words) > 0


def _is_gibberish(text: str) -> bool:
    """Whether nobody says anything: at least two thirds of three words or more could be in no language."""
    if _FILLER.search(text):
        return True
    key = matching_key(text)
    match = _CHINESE_FILLER.match(key)
    if match:
        return match[1] not in _SAYING_CHARACTERS
    if not text.isascii():
        return len(key) <= 40 and _CHINESE_KEYS.search(key) is not None
    if len(text) > _MAX_PROMOTION_CHARS:
        return False
    words = re.findall(r"[a-z]{3,}", text.lower())
    hard = [word for word in words if _HARD_WORD.search(word) or any(run in word for run in _KEY_RUNS)]
    return len(words) >= _GIBBERISH_WORDS and len(set(words)) > 1 and 3 * len(hard) >= 2 * len(words)
