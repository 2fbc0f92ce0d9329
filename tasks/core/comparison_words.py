"""The words and patterns by which a sentence prefers one of two names to the other, in English and Chinese.

Each rule is a regular expression over what stands before the first name, between the two, and after the second, with
the side that it prefers. Adjectives and comparatives are lists: what is not there decides nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

FIRST, SECOND, OPEN = 1, -1, 0


def _any(words: str) -> str:
    """Words with blanks between them as alternatives, the longest first."""
    return "|".join(sorted(words.split(), key=len, reverse=True))


_GOOD_EN = _any(
    "good great nice fast quick quiet sturdy reliable comfortable comfy smooth tasty delicious friendly bright "
    "easy clean accurate helpful durable sharp convenient responsive safe strong solid affordable cool fresh "
    "stable precise polite pleasant attractive beautiful pretty light crisp clear efficient effective powerful "
    "intuitive useful consistent impressive generous spacious secure modern elegant enjoyable trustworthy robust "
    "accessible flexible professional courteous attentive satisfying competent well happy"
)
_BAD_EN = _any(
    "bad slow noisy loud flimsy unreliable uncomfortable confusing expensive pricey ugly rude dirty fragile "
    "buggy annoying outdated weak blurry clumsy terrible awful horrible poor overpriced cheaply-made clunky "
    "laggy dull bland bitter difficult frustrating disappointing messy cramped unstable inaccurate unhelpful "
    "useless muddy grainy complicated risky boring unpleasant"
)
_BETTER_EN = _any(
    "better faster quicker quieter sturdier comfier smoother tastier friendlier brighter easier nicer cheaper "
    "cleaner stronger sharper safer cooler fresher clearer crisper prettier lighter healthier fairer superior "
    "happier smarter"
)
_WORSE_EN = _any(
    "worse slower louder flimsier pricier uglier ruder dirtier weaker buggier noisier blurrier clumsier harder "
    "poorer duller messier clunkier laggier costlier riskier inferior sooner dimmer"
)
_TROUBLES = "bugs?|problems?|issues?|errors?|crashes|complaints?|defects?|glitches|noise|trouble|ads|fees|delays?"
_BREAKS = "crash(?:es)?|jams?|breaks?|fails?|freezes?|leaks?|lags?|overheats?|disconnects?|stalls?"


_PLUS = (
    rf"(?:{_BETTER_EN}|more (?:\w+ly )?(?:{_GOOD_EN})|less (?:{_BAD_EN})|fewer (?:{_TROUBLES})|less (?:{_TROUBLES})"
    rf"|(?:{_BREAKS}) (?:\w+ ){{0,2}}less (?:often)?|costs? less|lasts? longer|longer lasting)"
)
_MINUS = (
    rf"(?:{_WORSE_EN}|less (?:{_GOOD_EN})|more (?:\w+ly )?(?:{_BAD_EN})|more (?:{_TROUBLES})"
    rf"|(?:{_BREAKS}) (?:\w+ ){{0,2}}more (?:often)?|(?:costs?|charges?) (?:\w+ )?more|takes? longer)"
)
_NOT = r"(?:\b(?:no|not|never|neither|nor|hardly|barely)\b|n't\b)"
_THE = r"(?:(?:the|my|our|his|her|their|an?|any|this|that|those|those of|that of|old|other)\s+)*"
_END = rf"\s+{_THE}(?:[\w' ]{{0,25}}\s(?:of|from|by|at|on|in)\s+)?{_THE}$"
_ANY = r"[^.;!?]{0,60}?"
_NOT_AS = rf"(?:{_NOT}|half|nowhere near)[^.;,]{{0,20}}\b(?:as|so)"
_NEXT_TO = rf"\b(?:compared (?:to|with)|next to|beside|against)\s+{_THE}$"

_Rule = tuple[str, str, str, int]
# (before, between, after, who is preferred); an empty pattern says nothing. Between is matched from its beginning.
_RULES_EN: tuple[_Rule, ...] = (
    ("", rf"{_ANY}{_NOT}[^.,;]{{0,25}}\b(?:{_PLUS}|{_MINUS})\b", "", OPEN),
    ("", rf"{_ANY}\b{_PLUS}\b[^.;,]{{0,30}}\bthan{_END}", "", FIRST),
    ("", rf"{_ANY}\b{_MINUS}\b[^.;,]{{0,30}}\bthan{_END}", "", SECOND),
    ("", rf"{_ANY}{_NOT_AS} (?:{_GOOD_EN})\b[^.;,]{{0,25}}\bas{_END}", "", SECOND),
    ("", rf"{_ANY}{_NOT_AS} (?:{_BAD_EN})\b[^.;,]{{0,25}}\bas{_END}", "", FIRST),
    (r"\bwish\b[^.;]*$|\bif only\b[^.;]*$", rf"{_ANY}\b(?:as|so|like)\b", "", SECOND),
    (
        "",
        rf"(?:'s?)?\s+(?:\w+ ){{0,2}}(?:beats?|outperforms?|outdoes|outclass(?:es)?|outshines?|outsells?|tops|trumps?"
        r"|surpass(?:es)?|overtakes?|overtook|crush(?:es|ed)?|destroys?|defeats?|trounces?"
        rf"|wins? (?:\w+ ){{0,3}}(?:against|over)"
        rf"|is (?:\w+ ){{0,2}}(?:superior to|ahead of|above)|runs circles around|leaves){_END}",
        "",
        FIRST,
    ),
    (
        "",
        rf"(?:'s?)?\s+(?:\w+ ){{0,2}}(?:loses? (?:\w+ ){{0,2}}(?:to|against|out to)|lags? (?:\w+ )?behind"
        r"|trails?(?: behind)?|falls? (?:short of|behind)|can(?:no|')t (?:match|compete with|beat|touch)"
        r"|pales (?:beside|next to|in comparison to)"
        rf"|is no match for|is (?:\w+ ){{0,2}}(?:inferior to|behind)|doesn't come close to){_END}",
        "",
        SECOND,
    ),
    (
        "",
        rf"[^.;]{{0,20}}\b(?:is|was|gets?|got) (?:\w+ )?(?:beaten|outperformed|overtaken|outsold) by{_END}",
        "",
        SECOND,
    ),
    (r"\bprefer(?:red|s)?\b[^.;]{0,20}$", rf"[^.;]{{0,25}}\b(?:to|over|rather than|instead of){_END}", "", FIRST),
    (
        r"\b(?:take|choose|chose|pick|recommend|buy|get|want|favou?r)\b[^.;]{0,20}$",
        rf"[^.;]{{0,15}}\b(?:over|rather than|instead of|not|and not|any day over){_END}",
        "",
        FIRST,
    ),
    (
        r"\b(?:switch(?:ed|ing)?|mov(?:ed|ing)|chang(?:ed|ing)|migrated|defected|upgraded|went|swapped)\b[^.;]{0,20}\bfrom\s+"
        rf"{_THE}$",
        rf"[^.;]{{0,15}}\bto{_END}",
        "",
        SECOND,
    ),
    (
        rf"\b(?:ditched|dropped|dumped|traded|swapped|left|abandoned|gave up|replaced|quit|leaving)\s+{_THE}$",
        rf"[^.;]{{0,15}}\b(?:for|with|in favou?r of){_END}",
        "",
        SECOND,
    ),
    (
        rf"\b(?:returned|sold|cancelled|canceled|skip|sent back|threw away)\s+{_THE}$",
        rf"[^.;]{{0,12}}\band (?:\w+ )?(?:bought|buy|got|get|ordered|chose|signed up with|went with|switched to){_END}",
        "",
        SECOND,
    ),
    (_NEXT_TO, r"[^.;]*,", rf"^[^.;,]{{0,30}}\b(?:{_PLUS}|{_GOOD_EN})\b", SECOND),
    (_NEXT_TO, r"[^.;]*,", rf"^[^.;,]{{0,30}}\b(?:{_MINUS}|{_BAD_EN})\b", FIRST),
    ("", rf"[^.;,]{{0,30}}\b(?:{_PLUS}|{_GOOD_EN})\b[^.;,]{{0,12}}\bcompared (?:to|with){_END}", "", FIRST),
    ("", rf"[^.;,]{{0,30}}\b(?:{_MINUS}|{_BAD_EN})\b[^.;,]{{0,12}}\bcompared (?:to|with){_END}", "", SECOND),
    ("", rf"[^.;]{{0,15}}\b(?:puts{_END})", r"^(?:'s?)?\s+to shame", FIRST),
)
_COMPARES_EN = re.compile(
    r"\b(?:than|compared|comparison|unlike|whereas|versus|vs|instead|rather|prefer\w*|inferior|superior|switch\w*|regret"
    r"|beats?|better|worse|over|overtakes?)\b"
)

_GOOD_ZH = _any(
    "好 快 安静 结实 靠谱 可靠 舒服 舒适 流畅 好喝 好吃 耐心 清晰 清楚 好用 漂亮 好看 划算 便宜 "
    "实惠 干净 准确 耐用 方便 安全 稳定 稳 细腻 强 给力 省心 省电 省油 人性化 香 新鲜 先进 优秀 "
    "出色 高级 贴心 周到 专业 及时 轻便 灵敏 顺滑 保暖 暖和 耐看 顺手 简单 用心 值 高效 明亮 丰富 "
    "优惠 大方 得心应手 耐磨 牢固 实用"
)
_BAD_ZH = _any(
    "差 慢 吵 单薄 难用 难喝 难吃 难看 卡 模糊 麻烦 贵 丑 脏 容易坏 烂 不稳定 弱 不靠谱 坑 粗糙 "
    "闹心 费电 费油 烫 糟 糟糕 难受 吃力 啰嗦 拉胯 廉价 生硬 迟钝 复杂 敷衍 冷淡 逊 次"
)
_MORE_IS_BAD_ZH = "噪音|噪声|声音|油耗|延迟|价格|价钱|售价|定价|溢价|味道冲|故障率|耗电|毛病|异味|风险"
_DEGREE = r"(?:[更还都要也明显稍略强太多少很最真的地得用来做说洗跑拍吹吃喝看]|一点|一些|稍微|多了|起来|用着){0,4}"
_REACH = r"[^，。；！]{0,14}?"
_BEATS_ZH = "胜过|优于|强于|好于|好过|超过|超越|领先于?|完胜|碾压|吊打|秒杀|打败|战胜|击败|反超|赢了|胜|力压|甩开|甩"
_LOSES_ZH = (
    "不如|不及|比不上|比不了|赶不上|跟不上|跑不过|打不过|干不过|卖不过|拼不过|"
    "逊于|逊色于|弱于|差于|落后于?|输给了?|败给了?|不敌|败于"
)
_NEXT_TO_ZH = r"(?:比起|相比于?|对比)[^，。]{0,3}$|[和跟与][^，。]{0,3}$"
_THEN_ZH = r"[^，。]{0,3}(?:相比|比起来|比|相较)?[^，。]{0,2}[，,]"
_LIKES_ZH = r"(?:[^，。]{0,3}(?:相比|比起来|比|相较))?[^，。]{0,2}[，,][^。；]{0,8}(?:更喜欢|更爱|还是|更偏爱)"
_MORE_BAD_ZH = rf"[^，。；！]{{0,12}}(?<!性)(?:{_MORE_IS_BAD_ZH})[^，。；！]{{0,4}}(?<!价)比[^，。；！]{{0,3}}$"
_RULES_ZH: tuple[_Rule, ...] = (
    ("", r".*(?:不比|并不比|没比|未必比)", "", OPEN),
    ("", _MORE_BAD_ZH, r"^[^，。；！]{0,3}[大高重]", SECOND),
    ("", _MORE_BAD_ZH, r"^[^，。；！]{0,3}[小低轻]", FIRST),
    ("", r"[^。；！]{0,16}(?<!价)比[^，。；！]{0,3}$", rf"^{_REACH}{_DEGREE}(?:{_BAD_ZH}|差)", SECOND),
    ("", r"[^。；！]{0,16}(?<!价)比[^，。；！]{0,3}$", rf"^{_REACH}{_DEGREE}(?:{_GOOD_ZH})", FIRST),
    ("", rf"[^。；！]{{0,14}}(?:{_LOSES_ZH})[^，。；！]{{0,3}}$", "", SECOND),
    ("", rf"[^。；！]{{0,14}}(?:{_BEATS_ZH})[^，。；！]{{0,3}}$", "", FIRST),
    ("", r"[^。；！]{0,14}把[^，。；！]{0,3}$", rf"^[^，。；！]{{0,4}}(?:{_BEATS_ZH}|比下去)", FIRST),
    ("", r"[^。；！]{0,14}被[^，。；！]{0,3}$", rf"^[^，。；！]{{0,4}}(?:{_BEATS_ZH}|比下去)", SECOND),
    ("", r"[^。；！]{0,14}(?:没有?|不像)[^，。；！]{0,3}$", rf"^{_REACH}(?:{_BAD_ZH})", FIRST),
    ("", r"[^。；！]{0,14}(?:没有?|不像)[^，。；！]{0,3}$", rf"^{_REACH}(?:{_GOOD_ZH})", SECOND),
    (
        "",
        r"[^。；！]{0,14}[跟和与同][^，。；！]{0,3}$",
        r"^[^，。；！]{0,6}(?:没法比|没得比|不能比|差远|差得远|差了|差太|差一)",
        SECOND,
    ),
    (r"从[^，。]{0,6}$", r"[^，。；！]{0,6}(?:换|转|改|跳|搬)[到成为用去了]{0,2}", "", SECOND),
    (r"(?:把|将)?[^，。]{0,4}$", r"[^，。；！]{0,4}换成了?[^，。；！]{0,2}$", "", SECOND),
    (
        r"(?:退了|退掉|退货|卖了|卖掉|放弃了?|扔了|弃用)[^，。]{0,4}$",
        r"[^。；！]{0,6}(?:买|选|换|入手|用)[择了的成用]{0,2}",
        "",
        SECOND,
    ),
    (r"与其[^，。]{0,4}$", r"[^。；！]{0,6}不如[^，。；！]{0,3}$", "", SECOND),
    (r"宁[可愿][^，。]{0,4}$", r"[^。；！]{0,4}也不", "", FIRST),
    (r"(?:更|还是|最)[喜爱偏中]?(?:欢|好|意)?[^，。]{0,3}$", r"[^，。；！]{0,3}(?:而不是|不要|别)", "", FIRST),
    (r"(?:更喜欢|更爱|还是更爱|更偏爱|更推荐)[^，。]{0,3}$", r"[^。；！]{0,3}[，而]", "", FIRST),
    (r"(?:比起|相比于?|对比|和|跟|与|较)[^，。]{0,3}$", _LIKES_ZH, "", SECOND),
    (_NEXT_TO_ZH, _THEN_ZH, rf"^{_REACH}(?:{_BAD_ZH}|差)", FIRST),
    (_NEXT_TO_ZH, _THEN_ZH, rf"^{_REACH}(?:{_GOOD_ZH})", SECOND),
)
_COMPARES_ZH = re.compile(
    "比|不如|不及|不像|相较|还是|更|宁|与其|换|改买|后悔|胜|输|赢|优于|领先|落后|反超|秒杀|甩|差远"
)


# Two names that are said to be alike, (before, between, after) and how both are spoken of.
_ALIKE_EN: tuple[tuple[str, str, str, str], ...] = (
    ("", rf"{_ANY}\bneither better nor worse than{_END}", "", "neutral"),
    ("", rf"(?!{_ANY}{_NOT_AS})(?:'s?)?\s(?:\w+ ){{0,4}}as (?:{_GOOD_EN}) as{_END}", "", "positive"),
    ("", rf"(?!{_ANY}{_NOT_AS})(?:'s?)?\s(?:\w+ ){{0,4}}as (?:{_BAD_EN}) as{_END}", "", "negative"),
    (
        "",
        r"\s(?:and|or|&)\s(?:the )?$",
        rf"^\s(?:are|were|is) (?:\w+ )?(?:both|equally) (?:\w+ly )?(?:{_GOOD_EN})\b",
        "positive",
    ),
    (
        "",
        r"\s(?:and|or|&)\s(?:the )?$",
        rf"^\s(?:are|were|is) (?:\w+ )?(?:both|equally) (?:\w+ly )?(?:{_BAD_EN})\b",
        "negative",
    ),
    (
        "",
        r"\s(?:and|&)\s(?:the )?$",
        r"^\s(?:are|were|look|feel) (?:\w+ ){0,2}(?:the same|alike|similar|identical)",
        "neutral",
    ),
    (r"\bno difference between\s(?:the )?$", r"\s(?:and|&)\s(?:the )?$", "", "neutral"),
    (r"\bneither\s(?:the )?$", r"\snor\s(?:the )?$", rf"^[^.;]{{0,25}}\b(?:{_GOOD_EN}|works?|lasts?)\b", "negative"),
)
_ALIKE_ZH: tuple[tuple[str, str, str, str], ...] = (
    (
        "",
        r"[和跟与同、][^，。；！]{0,2}$",
        r"^[^，。；！]{0,8}(?:差不多|没什么区别|没区别|没差别|不相上下|类似|一样大|一样重)",
        "neutral",
    ),
    (
        "",
        r"[和跟与同、][^，。；！]{0,2}$",
        rf"^[^，。；！]{{0,4}}(?:都|一样)[很挺非常还蛮]{{0,2}}(?:{_BAD_ZH})",
        "negative",
    ),
    (
        "",
        r"[和跟与同、][^，。；！]{0,2}$",
        rf"^[^，。；！]{{0,4}}(?:都|一样)[很挺非常还蛮]{{0,2}}(?:{_GOOD_ZH})",
        "positive",
    ),
)


@dataclass(frozen=True)
class Patterns:
    """The rules of a language.

    sign: (before, between, after) to FIRST, SECOND or OPEN. alike: to the polarity of both. compares: whether they
    speak of a comparison at all.
    """

    rules: tuple[tuple[re.Pattern[str] | None, re.Pattern[str], re.Pattern[str] | None, int], ...]
    alike_rules: tuple[tuple[re.Pattern[str] | None, re.Pattern[str], re.Pattern[str] | None, str], ...]
    compares: Callable[[str, str, str], bool]

    def alike(self, before: str, between: str, after: str) -> str | None:
        """How both names are spoken of where they are said to be alike; None where they are not."""
        for first, middle, last, polarity in self.alike_rules:
            if (
                middle.match(between)
                and (first is None or first.search(before))
                and (last is None or last.search(after))
            ):
                return polarity
        return None

    def sign(self, before: str, between: str, after: str) -> int:
        """Who is preferred by the first rule that fits; OPEN where none does."""
        for first, middle, last, side in self.rules:
            if (
                middle.match(between)
                and (first is None or first.search(before))
                and (last is None or last.search(after))
            ):
                return side
        return OPEN


def _compiled(rules: tuple) -> tuple:
    return tuple(
        (re.compile(before) if before else None, re.compile(between), re.compile(after) if after else None, side)
        for before, between, after, side in rules
    )


ENGLISH = Patterns(
    _compiled(_RULES_EN), _compiled(_ALIKE_EN), lambda *parts: any(_COMPARES_EN.search(part) for part in parts)
)
CHINESE = Patterns(
    _compiled(_RULES_ZH), _compiled(_ALIKE_ZH), lambda *parts: any(_COMPARES_ZH.search(part) for part in parts)
)
