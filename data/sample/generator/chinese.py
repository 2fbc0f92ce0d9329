"""Chinese reviews: clauses strung together with commas, 。！～ or blanks, as people type them on a phone."""

from __future__ import annotations

from .grammar import add_typos
from .reviews import EMOJI, Draft, Voice, list_sizes, tiny_section

FILLERS = {
    "yuan": "{1899元|2299元|2599块|2999元|3199块|三千出头|两千多|不到三千|快四千}",
    "yuan2": "{180块|三百多|260元|四百块|350块}",
    "zweeks": "{一周|两周|半个月|三个星期|二十天|一个礼拜}",
    "zmonths": "{一个月|两个月|三个月|四个多月|半年|大半年}",
    "zyears": "{一年多|两年|快两年|三年}",
    "zold": "{胶囊机|摩卡壶|滴滤机|挂耳|法压壶|速溶|老式半自动}",
    "zdrink": "{拿铁|美式|澳白|卡布奇诺|浓缩}",
    "the": "{这台机器|这台机器|这款咖啡机|这款|这台<product>|<product>|<product>这款|<model>}",
}
TURNS = ("但是", "不过", "可惜", "就是", "然而", "好在")


class ChineseVoice(Voice):
    """Writes in Chinese."""

    language = "zh"

    def fill(self, name: str, draft: Draft) -> str:
        return FILLERS[name]

    def tiny(self, draft: Draft) -> str:
        text = self.line(tiny_section(draft.mood), draft)
        return self._dress(text + draft.rng.choice(("", "", "。", "！", "！！", "～")), draft)

    def pros_and_cons(self, draft: Draft) -> str:
        pros, cons = (
            self.points(name, count, draft) for name, count in zip(("pro", "con"), list_sizes(draft), strict=True)
        )
        if draft.rng.random() < 0.3:
            return "\n".join([*(f"+ {item}" for item in pros), *(f"- {item}" for item in cons)])
        joint = draft.rng.choice(("。", "；", "\n"))
        return self._dress(f"优点：{'、'.join(pros) or '没发现'}{joint}缺点：{'、'.join(cons) or '暂时没有'}", draft)

    def turn(self, sentence: str, pivot: str) -> str:
        return f"{pivot}{sentence}"

    def clean_headline(self, text: str) -> str:
        return text.rstrip("。！")

    def finish(self, body: list[str], draft: Draft) -> str:
        rng = draft.rng
        style = rng.choice(("。", "。", "。", "，", "，", "！", " ", "～"))
        out = ""
        for index, clause in enumerate(body):
            is_last = index == len(body) - 1
            if out.endswith("。") and clause.startswith(TURNS):
                out = out[:-1] + "，"
            if clause.endswith(("？", "！")):
                mark = ""
            elif not is_last:
                mark = style
            else:
                mark = "" if style == " " else rng.choice((style.strip("，"), "。", "", "！" if style == "！" else ""))
            out += clause + mark
            if draft.size == "letter" and index == len(body) // 2 and not is_last:
                out = out.rstrip("，～ ") + "\n"
        if rng.random() < 0.06:
            out += {"positive": "哈哈", "negative": "。。。", "mixed": "", "neutral": "哦"}[draft.mood]
        return self._dress(out, draft)

    def _dress(self, text: str, draft: Draft) -> str:
        """Wrong characters as input methods offer them, and emoji."""
        if draft.rng.random() < 0.05:
            text = add_typos(text, draft.rng, "zh")
        if draft.rng.random() < 0.12:
            text += draft.rng.choice(EMOJI[draft.mood])
        return text
