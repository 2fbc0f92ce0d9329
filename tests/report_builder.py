"""A weekly report made by hand: every section filled, every number chosen, no model and no warehouse behind it.

report = make_report()
hostile = make_report(text="<script>alert(1)</script>", name="=cmd()")
"""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Any

from tasks.core import insight
from tasks.core.report_model import (
    Alert,
    AlertSubject,
    AspectRow,
    BrandRow,
    Definition,
    Driver,
    Drivers,
    Estimate,
    Figure,
    Finding,
    Kpi,
    Measures,
    Model,
    NewName,
    Page,
    Provenance,
    Quote,
    SentimentWeek,
    SourceRow,
    Topic,
    TopicCard,
    Totals,
    WeeklyReport,
    content_hash,
)
from tasks.core.week_data import WeekData
from tasks.core.weeks import shift, week_range
from tasks.core.wording import Wording
from tasks.store.messages import load_messages

UNITS = {
    "volume": ("documents", "Documents", "文档数"),
    "nss": ("points", "Net sentiment", "净情感"),
    "nsr": ("points", "Net sentiment ratio", "净情感比"),
    "negative_share": ("fraction", "Negative share", "负面占比"),
    "positive_share": ("fraction", "Positive share", "正面占比"),
    "share_of_voice": ("fraction", "Share of voice", "声量份额"),
    "mean_rating": ("stars", "Mean rating", "平均评分"),
    "topic_share": ("fraction", "Share of the topic", "话题占比"),
}
DEFINITIONS = tuple(
    Definition(metric=m, unit=u, label_en=en, label_zh=zh, description_en=f"{en}.", description_zh=f"{zh}。")
    for m, (u, en, zh) in UNITS.items()
)
FIGURES = (
    *(f"fig-{n}" for n in ("sentiment", "net", "voice", "matrix", "aspects", "names", "topics", "drivers", "quality")),
    "totals",
)


def wording(language: str) -> Wording:
    """The language's words with the metrics' definitions."""
    return Wording(language, load_messages(language), DEFINITIONS)


def wordings() -> dict[str, Wording]:
    return {language: wording(language) for language in ("en", "zh")}


def row(metric: str, brand: str, verdict: str, **values: Any) -> dict[str, Any]:
    """A row of marts.weekly_metric (of marts.weekly_topic with topic_id)."""
    base = {"metric": metric, "brand": brand, "kind": "*", "segment": "*", "n": 271, "verdict": verdict}
    return base | values


def surge(brand: str = "Aurora", **values: Any) -> dict[str, Any]:
    """The example of the statistics' rules: 79 of 271 negative, 49 of 257 the week before."""
    base = row(
        "negative_share", brand, "signal_up", n=271, k=79.0, value=79 / 271, lo=0.2405, hi=0.3483, previous=49 / 257,
        baseline=0.19, delta=79 / 271 - 49 / 257, delta_lo=0.028, delta_hi=0.172, q_value=0.01,
    )  # fmt: skip
    return base | values


def week_data(**values: Any) -> WeekData:
    """A week of 2,412 documents of two brands with eight weeks behind it, nothing else."""
    base: dict[str, Any] = {
        "project": "Test",
        "timezone": "UTC",
        "iso_week": "2026-W47",
        "week_start": date(2026, 11, 16),
        "weeks": tuple(week_range("2026-W36", "2026-W47")),
        "own_brand": "Aurora",
        "brands": (("Aurora", "own"), ("Borealis", "competitor")),
        "totals": Totals(received=2500, duplicates=80, spam=8, counted=2412, counted_previous=2300),
        "measures": Measures(no_clear_change=20, earlier_weeks=30),
    }
    return WeekData(**base | values)


def make_report(*, text: str = "The battery dies at noon.", name: str = "Aurora", url: str = "https://example.com/1",
                revision: int = 1, iso_week: str = "2026-W47", **values: Any) -> WeeklyReport:  # fmt: skip
    """A report in which every section has something to show.

    Args:
        text, name, url: used wherever a text, a name or an address from outside stands.
    """
    weeks = tuple(week_range(shift(iso_week, -11), iso_week))
    topic = Topic(topic_id="en-battery", language="en", label=f"battery {name}"[:200], keywords=("battery", name))
    share = Estimate(metric="topic_share", brand=name, topic_id="en-battery", n=271, k=60.0, value=0.22, lo=0.17,
                     hi=0.27, previous=0.1, baseline=0.1, delta=0.12, delta_lo=0.05, delta_hi=0.18, q_value=0.02,
                     verdict="signal_up")  # fmt: skip
    net = Estimate(metric="nss", brand=name, n=271, k=30.0, value=0.11, lo=0.01, hi=0.21, previous=0.2, baseline=0.21,
                   delta=-0.09, delta_lo=-0.2, delta_hi=0.02, verdict="no_clear_change")  # fmt: skip
    voice = Estimate(metric="share_of_voice", brand=name, n=620, k=210.0, value=0.34, lo=0.3, hi=0.38, previous=0.33,
                     baseline=0.32, delta=0.01, delta_lo=-0.03, delta_hi=0.05, verdict="no_clear_change")  # fmt: skip
    volume = Estimate(metric="volume", brand=name, n=290, value=290, lo=257, hi=325, delta=-4, delta_lo=-40,
                      delta_hi=31, baseline=280, verdict="no_clear_change")  # fmt: skip
    coverage = Estimate(metric="coverage", n=400, k=390.0, value=0.975, verdict="complete")
    data = week_data(
        iso_week=iso_week, weeks=weeks, own_brand=name, brands=((name, "own"), ("Borealis", "competitor")),
        metrics=[surge(name)], topics={"en-battery": topic},
    )  # fmt: skip
    findings, _, _ = insight.findings(data, wordings(), lambda e: f"select '{name}' as brand from marts.weekly_metric",
                                      lambda e: ["ab" * 16])  # fmt: skip
    watch = findings[0].model_copy(update={"finding_id": "f-watch", "rule": "watch"})
    base: dict[str, Any] = {
        "project": f"Project {name}",
        "timezone": "Europe/Berlin",
        "iso_week": iso_week,
        "first_day": "2026-11-16",
        "last_day": "2026-11-22",
        "revision": revision,
        "own_brand": name,
        "focus_brand": name,
        "brands": (name, "Borealis"),
        "totals": data.totals,
        "measures": Measures(signal=1, watch=1, no_clear_change=18, too_few=2, excluded=1, earlier_weeks=30),
        "summary_en": f"The negative share for {name} rose to 29% (n=271).",
        "summary_zh": f"{name} 的负面占比上升至 29%（n=271）。",
        "findings": tuple(findings),
        "watches": (watch,),
        "kpis": tuple(
            Kpi(kpi_id=e.metric, estimate=e, history=(0.1, None, 0.2, e.value), query="select 1 from marts.report")
            for e in (volume, net, voice, coverage)
        ),
        "alerts": (
            Alert(rule="negative_surge", threshold=0.05,
                  subjects=(AlertSubject(name=name, part=0.29, whole=0.19, finding_id=findings[0].finding_id),)),
            Alert(rule="low_source", threshold=0.8, subjects=(AlertSubject(name=name, part=12, whole=50),)),
            Alert(rule="rejected", threshold=0.01),
            Alert(rule="abstained", threshold=0.2),
        ),
        "sentiment": tuple(
            SentimentWeek(iso_week=week, negative=20 + i, mixed=3, neutral=30, positive=60 - i, abstained=4, net_n=113,
                          net=(40 - 2 * i) / 113, net_lo=(20 - 2 * i) / 113, net_hi=(60 - 2 * i) / 113)
            for i, week in enumerate(weeks)
        ),
        "voices": (quote(text, url, "negative"), quote("Second " + text, url, "positive")),
        "matrix": (
            BrandRow(brand=name, role="own", voice=voice, sentiment=net, negative=Estimate(metric="negative_share"),
                     rating=Estimate(metric="mean_rating", n=240, value=3.9), top_topic_id="en-battery",
                     top_topic_count=60, voice_history=(0.34,) * 12),
            BrandRow(brand="Borealis", role="competitor", voice=voice.model_copy(update={"brand": "Borealis"}),
                     sentiment=net.model_copy(update={"brand": "Borealis", "value": 0.3}),
                     negative=Estimate(metric="negative_share"), rating=Estimate(metric="mean_rating"),
                     voice_history=(0.34, None) + (0.3,) * 10),
        ),
        "weeks": weeks,
        "has_name_model": True,
        "aspects": tuple(
            AspectRow(brand=brand, aspect=aspect, label_en=english, label_zh=chinese,
                      share=Estimate(metric="aspect_share", brand=brand, aspect=aspect, n=271, k=40.0, value=40 / 271),
                      sentiment=Estimate(metric="nss", brand=brand, aspect=aspect, n=n, value=value, lo=-0.5, hi=0.6))
            for aspect, english, chinese in (("battery", "battery", "电池"), ("price", f"price {name}", "价格"))
            for brand, n, value in ((name, 38, -0.42), ("Borealis", 31, 0.35), ("Cirrus", 4, None))
        ),
        "new_names": (NewName(entity_name=name, entity_type="organisation", first_week=iso_week, document_count=4,
                              total_count=4, quote=quote("Third " + text, url, None)),),
        "pages": (Page(document_id="cd" * 16, title=f"Prices {name}", brand=name, source="site",
                       published_date="2026-11-17", url=url, quote=quote("Fourth " + text, url, None)),),
        "page_count": 3,
        "topics": (topic,),
        "topic_cards": (TopicCard(group="rising", topic=topic, share=share,
                                  sentiment=net.model_copy(update={"topic_id": "en-battery"}),
                                  quotes=(quote("Fifth " + text, url, "negative"),)),),
        "topic_brand": name,
        "largest_topics": (share,),
        "drivers": Drivers(brand=name, n=271, n_previous=257, delta=-0.09, without_topic_count=12,
                           rows=(Driver(topic_id="en-battery", n=60, n_previous=20, contribution=-0.07, lo=-0.12,
                                        hi=-0.02),)),
        "sources": (SourceRow(source="shop", kind="review", status="low", expected=50.0, received=12, counted=11,
                              duplicates=1, spam=0, rejected_total=3, newest_at="2026-11-22T20:00:00Z",
                              languages=(("en", 10), ("zh", 2)), abstained=1, without_topic=2),
                    SourceRow(source="site", kind="competitor", status="ok", expected=None, received=3, counted=3,
                              duplicates=0, spam=0, rejected_total=0, newest_at=None)),
        "models": (Model(model_version_id="sentiment-en-minilm@0123456789ab+fp32", task="sentiment", language="en",
                         name="minilm", revision="0123456789ab", licence="Apache-2.0",
                         scores=(("macro_f1", "golden", 0.71, 0.67, 0.75, 600),)),),
        "definitions": DEFINITIONS,
        "figures": tuple(Figure(figure_id=figure, query=f"select '{name}' as x\nfrom marts.document")
                         for figure in FIGURES),
        "provenance": Provenance(run_id="run-1", published_at="2026-11-23T06:00:00+00:00", config_hash="c" * 64,
                                 command=f"marketbrief run --week {iso_week}", reason="first", data_fingerprint="9-x",
                                 languages=("en", "zh"), previous_week="2026-W46", previous_revision=1),
    }  # fmt: skip
    report = WeeklyReport(**base | values)
    return report.model_copy(update={"content_hash": content_hash(report)})


def quote(text: str, url: str | None, sentiment: str | None) -> Quote:
    """A quote of a whole document."""
    key = hashlib.sha256(text.encode()).hexdigest()
    return Quote(quote_id=f"q-{key[:12]}", document_id=key[:32], text=text, start_char=0, end_char=len(text),
                 language="en", source="shop", published_date="2026-11-18", url=url, sentiment=sentiment)  # fmt: skip


def finding_texts(findings: list[Finding]) -> list[str]:
    return [finding.text_en for finding in findings]
