"""How a text is cut into the words that topics are named with, and which words never name one.

Clauses, links, handles, redacted places and brand names become BREAK: no phrase runs across them, and none holds a
brand's name. English words are lower-case; Chinese words come from the caller's segmenter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tasks.core.topics import BREAK, PhraseRules
from tasks.core.word_kinds import Cues

_NOISE = re.compile(r"https?://\S+|www\.\S+|(?<!\w)@\w+|\[[a-z]{2,8}\]", re.IGNORECASE)
_ENGLISH_TOKEN = re.compile(r"[^\W_]+(?:['-][^\W_]+)*|[^\w\s]")
_CHINESE_WORD = re.compile("[\u3400-\u4dbf\u4e00-\u9fffa-z0-9]")
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")


def _words(block: str) -> frozenset[str]:
    return frozenset(block.split())


ENGLISH_INNER_WORDS = _words(
    """
    a an the and or but if then than so as at by for from in into of off on onto out over to up with within about
    after before during between through under until while because since despite though although both either
    i me my mine we us our ours you your yours he him his she her hers it its they them their theirs myself yourself
    this that these those there here who whom whose which what when where why how
    am is are was were be been being do does did doing done have has had having can could will would shall should may
    might must ought let lets get gets got getting go goes going went come comes came make makes made making bought buy
    i'm i've i'd i'll you're you've you'll you'd it's that's there's they're they've they'll we're we've we'll he's
    she's what's let's isn aren wasn weren hasn haven hadn don doesn didn won wouldn couldn shouldn ain't aren isnt
    just also too very really quite rather even still only ever again already yet now much many more most some any all
    each few lot lots bit little other another such same own almost around since ago every per via etc
    one two three first second last next thing things something anything everything nothing someone anyone everyone
    way time times day days week weeks month months year years hour today yesterday tomorrow
    im ive id dont cant didnt doesnt wont u ur amp pls please like well ok okay yes oh hi hey thanks thank thnx thx
    say says said use used using uses want wanted wants need needed needs try tried trying know see look looks looking
    think thought feel give gives given gave take takes took taking put keep keeps kept start started stop stopped
    seem seems became become
    guys always usually actually basically literally absolutely definitely totally completely highly overall sure due
    co rt http https www com
    """
)
ENGLISH_NEVER_LAST = _words(
    """
    not no never cannot can't won't don't doesn't didn't isn't aren't wasn't weren't wouldn't couldn't shouldn't
    haven't hasn't hadn't without
    """
)
CHINESE_INNER_WORDS = _words(
    """
    的 了 着 过 地 得 是 在 有 和 与 及 或 也 都 就 还 又 才 把 被 让 给 对 从 向 到 为 以 于 而 但 但是 而且
    因为 所以 如果 虽然 然后 并 并且 之 其 这 那 这个 那个 这样 那样 这么 那么 这些 那些 这种 那种 这款 这家
    这次 这里 那里 该 此 我 你 您 他 她 它 我们 你们 他们 她们 它们 咱们 自己 大家 别人 个 一个 一 二 两 三 几
    些 一些 一点 一下 点 次 款 种 件 台 部 家 人 本 张 份 块 元 号 一本 一款 一台 一件 一种 一次 上 下 里 中 后
    前 内 外 时 时候 时间 呢 吗 吧 啊 哦 呀 嘛 哈 哈哈 啦 哎 唉 嗯 请 好像 感觉 觉得 可以 能 会 要 想 应该 可能
    已经 一直 什么 怎么 怎么样 为什么 哪 谁 多 多少 来 去 说 看 用 买 做 就是 还是 还有 不过 只是 只 等 等等 跟
    比 像 东西 总体 整体 总之 而言 起来 出来 下来 上去 现在 今天 昨天 明天 以后 之后 以前 之前 当时 里面 方面 刚
    刚刚 收到 知道 第一次 第二次 第一 拿到 拿到手 发现 其他 其它 尤其 尤其是 主要 完 见 情况 完全 绝对 真心 果断
    必须 希望 以及 目前 根据 通过 关于 由于 表示 称 年 月 日 天 岁 第 将 并不 左右 同时 其中 使用 进行 一样 有点
    有些 到 起 开 让 令 这是 都是 下次 还会
    """
)
CHINESE_NEVER_LAST = _words(
    """
    不 没 没有 无 未 别 不能 不会 不是 不要 无法 难 不太 不够 很 太 非常 特别 挺 真 真的 比较 更 最 超 超级 十分
    够 稍微 越来越 总是 经常 老是
    """
)
ENGLISH_NEVER_INSIDE = _words(
    """
    i me my mine we us our ours you your yours he him his she her hers they them their theirs myself yourself ourselves
    himself herself themselves i'm i've i'd i'll you're you've you'll you'd he's she's they're they've they'll we're
    we've we'll im ive u ur mine's
    """
)
CHINESE_NEVER_INSIDE = _words("我 你 您 他 她 我们 你们 他们 她们 咱 咱们 大家 各位 别人 我用 我家 你家")

ENGLISH_CUES = Cues(
    before=(
        _words("the a an my your their our his her its this that these those no any every each another of with for"),
        _words(
            """
            to i we you they he she it who can could will would should must may might can't cannot couldn't won't
            wouldn't don't doesn't didn't not never please let always just
            """
        ),
        _words(
            """
            very so too really quite extremely super pretty more most such is was are were be been feels looks seems
            incredibly absolutely totally
            """
        ),
    ),
    after=(
        _words("is was are were has have had isn't wasn't keeps kept of won't doesn't didn't can't"),
        _words("the a an my your their our it me them us him her this that these those to you"),
        _words("and"),
    ),
)
CHINESE_CUES = Cues(
    before=(
        _words("的 这个 那个 这 那 个 款 种 件 台 部 家 本 张 份 块 这种 这款 一个 一款 有 没有 没 是 在 无 什么"),
        _words(
            """
            不 能 会 要 想 可以 就 都 也 还 又 才 去 来 给 让 被 没 没有 别 不要 不能 不会 一直 已经 刚 刚刚 我
            我们 他们 你 再
            """
        ),
        _words(
            """
            很 太 非常 特别 挺 真 真的 比较 更 最 超 超级 十分 不够 稍微 越来越 有点 有些 蛮 好 极 够 相当 还 不
            """
        ),
    ),
    after=(
        _words("是 很 太 非常 也 都 不 还 挺 有点 比较 特别 真 就"),
        _words("了 过 着 到 的 得 给 我 这 在"),
        _words("的 了 啊 呢"),
    ),
)


def _is_english_content(word: str) -> bool:
    return len(word) > 2 and not word.isdigit()


def _is_chinese_content(word: str) -> bool:
    return bool(_HAN.search(word)) or (len(word) > 1 and not word.isdigit())


RULES = {
    "en": PhraseRules(
        inner_words=ENGLISH_INNER_WORDS,
        never_last=ENGLISH_NEVER_LAST,
        never_inside=ENGLISH_NEVER_INSIDE,
        longest=5,
        shortest_phrase=3,
        longest_phrase=34,
        joiner=" ",
        is_content=_is_english_content,
        cues=ENGLISH_CUES,
    ),
    "zh": PhraseRules(
        inner_words=CHINESE_INNER_WORDS - CHINESE_NEVER_LAST,
        never_last=CHINESE_NEVER_LAST,
        never_inside=CHINESE_NEVER_INSIDE,
        longest=4,
        shortest_phrase=2,
        longest_phrase=10,
        joiner="",
        is_content=_is_chinese_content,
        cues=CHINESE_CUES,
    ),
}


@dataclass(frozen=True)
class TopicName:
    """A topic's label and its keywords, most telling first."""

    label: str
    keywords: tuple[str, ...]


def name_pattern(names: Iterable[str]) -> re.Pattern[str] | None:
    """Pattern of brands' names and aliases; Latin names as whole words, with a possessive or plural s."""
    distinct = sorted({name.strip().lower() for name in names if name.strip()}, key=lambda name: (-len(name), name))
    parts = [re.escape(name) if _HAN.search(name) else _whole_word(name) for name in distinct]
    return re.compile("|".join(parts)) if parts else None


def english_tokens(text: str, names: re.Pattern[str] | None) -> list[str]:
    """Lower-case words of an English text, with BREAK between clauses and in the place of names."""
    marked = _marked(text, names).replace("’", "'")
    return [word if word[0].isalnum() else BREAK for word in _ENGLISH_TOKEN.findall(marked)]


def chinese_tokens(text: str, names: re.Pattern[str] | None, segment: Callable[[str], Sequence[str]]) -> list[str]:
    """Words of a Chinese text as the segmenter finds them, with BREAK between clauses and in the place of names."""
    return [word if _CHINESE_WORD.search(word) else BREAK for word in segment(_marked(text, names))]


def _whole_word(name: str) -> str:
    return rf"(?<![^\W_]){re.escape(name)}(?:['’]?s)?(?![^\W_])"


def _marked(text: str, names: re.Pattern[str] | None) -> str:
    lowered = _NOISE.sub(" . ", text).lower()
    return lowered if names is None else names.sub(" . ", lowered)
