"""Which rows become findings, in what order, and what a week without any says. Expectations are written by hand."""

import numpy as np
import pytest
from report_builder import make_report, row, surge, week_data, wording, wordings

from tasks.core import insight
from tasks.core.candidates import candidates, slopes
from tasks.core.drivers import drivers
from tasks.core.report_model import (
    Change,
    Measures,
    Topic,
    Totals,
    WeeklyReport,
    canonical_json,
    content_hash,
    revision_reason,
)
from tasks.core.report_parts import alerts, kpis, models, sources
from tasks.core.topic_picks import topic_brand, topic_picks
from tasks.core.week_data import WeekData, estimate_of, evidence_filter, finding_id

TOPICS = {
    f"en-{name}": Topic(topic_id=f"en-{name}", language="en", label=name, keywords=(name,))
    for name in ("battery", "delivery", "price", "colour")
}
QUIET = Measures(no_clear_change=20, earlier_weeks=30)
BUILDING = Measures(baseline_building=20, earlier_weeks=2)


def told(week: WeekData) -> tuple[list, list, list]:
    return insight.findings(week, wordings(), lambda e: f"select 1 /* {e.metric} */", lambda e: ["a" * 32])


def share(topic: str, brand: str = "Aurora", verdict: str = "no_clear_change", **values: object) -> dict:
    base = {"n": 100, "k": 20.0, "value": 0.2, "lo": 0.13, "hi": 0.29, "previous": 0.05, "baseline": 0.05,
            "delta": 0.15, "delta_lo": 0.06, "delta_hi": 0.24, "q_value": 0.01}  # fmt: skip
    return row("topic_share", brand, verdict, topic_id=f"en-{topic}", **base) | values


def test_net_sentiment_and_negative_share_are_one_story_and_the_stronger_is_told():
    nss = row("nss", "Aurora", "signal_down", value=0.11, baseline=0.30, previous=0.2, lo=0.01, hi=0.21,
              delta_lo=-0.2, delta_hi=-0.01, q_value=0.05)  # fmt: skip
    findings, watches, warnings = told(week_data(metrics=[nss, surge()]))
    assert [finding.estimate.metric for finding in findings] == ["negative_share"]
    assert (watches, warnings) == ([], [])


def test_findings_rank_by_effect_confidence_and_weight():
    own = surge("Aurora")  # 10 points, own brand
    other = surge("Borealis", value=0.34)  # 15 points, but not ours: 0.15 < 0.10 * 1.5 holds for neither; see below
    big = surge("Borealis", value=0.60)
    rating = row("mean_rating", "Aurora", "signal_down", value=3.9, baseline=4.1, previous=4.0, q_value=0.09, n=240,
                 lo=3.8, hi=4.0, delta_lo=-0.4, delta_hi=-0.1)  # fmt: skip
    # own: 0.1015 * 0.99 * 1.5 * 1.3 = 0.196; other: 0.15 * 0.99 * 1.3 = 0.193; big: 0.41 * 0.99 * 1.3 = 0.53
    # rating: 0.2 / 4 * 0.91 * 1.5 = 0.068
    order = [f.estimate.brand + " " + f.estimate.metric for f in told(week_data(metrics=[rating, other, own]))[0]]
    assert order == ["Aurora negative_share", "Borealis negative_share", "Aurora mean_rating"]
    order = [f.estimate.brand for f in told(week_data(metrics=[own, big]))[0]]
    assert order == ["Borealis", "Aurora"]


def test_input_order_changes_nothing():
    rows = [surge("Aurora"), surge("Borealis", value=0.5), share("battery", verdict="signal_up")]
    once = told(week_data(metrics=rows[:2], topic_rows=rows[2:], topics=TOPICS))
    again = told(week_data(metrics=rows[1::-1], topic_rows=rows[2:], topics=TOPICS))
    assert once == again


def test_watches_stand_below_signals_and_small_ones_are_not_listed():
    watch = surge("Borealis", verdict="watch_up")
    small = row("share_of_voice", "Aurora", "watch_up", value=0.34, previous=0.31, delta_lo=0.01, delta_hi=0.05)
    findings, watches, _ = told(week_data(metrics=[watch, small, surge("Aurora")]))
    assert [f.estimate.brand for f in findings] == ["Aurora"]
    assert [(w.estimate.brand, w.rule) for w in watches] == [("Borealis", "watch")]
    assert "may have risen" in watches[0].text_en
    assert "可能上升" in watches[0].text_zh


def test_a_topic_watch_needs_ten_documents_in_one_of_the_weeks():
    few = share("battery", verdict="watch_up", n=70, k=6.0, value=0.086, previous=0.0, delta_lo=0.02, delta_hi=0.17)
    many = share("delivery", verdict="watch_down", k=1.0, value=0.01, previous=0.2, delta_lo=-0.28, delta_hi=-0.1)
    _, watches, _ = told(week_data(topic_rows=[few, many], topics=TOPICS))
    assert [w.estimate.topic_id for w in watches] == ["en-delivery"]


def test_at_most_six_lines():
    rows = [surge(f"Brand {i}", value=0.3 + i / 100) for i in range(9)]
    brands = tuple((f"Brand {i}", "competitor") for i in range(9))
    findings, watches, _ = told(week_data(metrics=[*rows, surge("X", verdict="watch_up")], brands=brands))
    assert (len(findings), len(watches)) == (6, 0)
    assert [f.rank for f in findings] == [1, 2, 3, 4, 5, 6]


def test_a_verdict_that_its_values_contradict_is_not_told():
    findings, watches, warnings = told(week_data(metrics=[surge(baseline=0.5, previous=0.4)]))
    assert (findings, watches) == ([], [])
    assert len(warnings) == 1
    assert "negative_share of Aurora is signal_up" in warnings[0]


def test_a_signal_is_never_set_against_a_week_that_lay_on_the_other_side():
    (finding,), _, _ = told(week_data(metrics=[surge(previous=0.35)]))
    assert "from an 8-week baseline of 19%" in finding.text_en


def test_what_is_excluded_or_quiet_is_not_told():
    rows = [surge(verdict=v) for v in ("excluded", "no_clear_change", "too_few", "baseline_building")]
    assert told(week_data(metrics=rows)) == ([], [], [])


def test_a_single_brand_is_not_told_twice():
    rows = [surge("Aurora"), surge("*")]
    findings, _, _ = told(week_data(metrics=rows, brands=(("Aurora", "own"),)))
    assert [f.estimate.brand for f in findings] == ["Aurora"]


def drift(brand: str = "Aurora", **values: object) -> dict:
    return row("negative_share", brand, "no_clear_change", n=240, value=0.31, baseline=0.28, previous=0.3, slope=0.01,
               slope_lo=0.0055, slope_hi=0.0145, slope_start=0.22, slope_n=2880, slope_q_value=0.02,
               slope_verdict="signal_up") | values  # fmt: skip


def test_a_drift_over_twelve_weeks_is_told_in_its_own_words():
    (finding,), watches, _ = told(week_data(metrics=[drift()]))
    assert (finding.rule, finding.figure_id, watches) == ("slope", "fig-net", [])
    assert finding.text_en == (
        "The negative share for Aurora rose over 12 weeks to 33% from 22%, on the line fitted to them "
        "(+6 to +16 points, n=2,880)."
    )
    assert finding.text_zh == (
        "Aurora 的负面占比十二周内由 22% 上升至 33%（按拟合直线，十二周变化 +6 至 +16 个百分点，n=2,880）。"
    )
    assert finding.text_en[slice(*finding.strong_en)] == "33%"
    assert finding.finding_id != finding_id(finding.estimate)


def test_a_story_that_a_signal_tells_is_not_told_again_as_a_drift():
    findings, _, _ = told(week_data(metrics=[surge() | {k: v for k, v in drift().items() if k.startswith("slope")}]))
    assert [finding.rule for finding in findings] == ["signal"]
    findings, _, _ = told(week_data(metrics=[surge("Borealis"), drift()]))
    assert [(finding.rule, finding.estimate.brand) for finding in findings] == [
        ("signal", "Borealis"),
        ("slope", "Aurora"),
    ]


def test_the_summary_of_a_week_with_a_drift_alone_tells_it():
    week = week_data(metrics=[drift()])
    found = slopes(week, [])
    assert insight.summary(week, wording("en"), found, 0) == (
        "The negative share for Aurora rose over 12 weeks to 33% (n=2,880); 2,412 documents this week."
    )
    assert "十二周内上升至 33%" in insight.summary(week, wording("zh"), found, 0)


def test_a_topic_that_nobody_spoke_of_before_is_new_and_does_not_rise():
    new = share("battery", verdict="signal_up", k=12.0, value=0.12, previous=0.0, baseline=0.0)
    week = week_data(topic_rows=[new], topics=TOPICS)
    (finding,), _, _ = told(week)
    assert finding.text_en == (
        "New among documents about Aurora: the topic “battery” has 12% (12 of 100, range 13% to 29%), "
        "against none in the 8 weeks before (n=100)."
    )
    assert "rose" not in finding.text_en
    assert finding.text_zh.startswith("Aurora 相关文档中的新话题“battery”：占 12%")
    assert topic_picks(week)[0][0] == "new"


def aspect(name: str = "price", metric: str = "aspect_share", **values: object) -> dict:
    base = {"n": 300, "k": 60.0, "value": 0.2, "lo": 0.16, "hi": 0.25, "previous": 0.1, "baseline": 0.1, "delta": 0.1,
            "delta_lo": 0.04, "delta_hi": 0.16, "q_value": 0.01}  # fmt: skip
    return row(metric, "Aurora", "signal_up", aspect=name, **base) | values


def test_aspects_are_findings_with_their_label_in_each_language():
    week = week_data(aspect_rows=[aspect()], aspect_labels={"price": ("price", "价格")})
    (finding,), _, _ = told(week)
    assert finding.figure_id == "fig-aspects"
    assert finding.text_en.startswith(
        "The aspect “price” among documents about Aurora rose to 20% from an 8-week baseline of 10%"
    )
    assert finding.text_zh.startswith("“价格”方面在 Aurora 文档中的占比上升至 20%")
    assert evidence_filter(finding.estimate)["aspect"] == "price"


def test_net_sentiment_on_an_aspect_is_another_story_than_net_sentiment():
    falls = {
        "value": -0.2,
        "baseline": 0.3,
        "previous": 0.2,
        "delta_lo": -0.5,
        "delta_hi": -0.2,
        "lo": -0.3,
        "hi": -0.1,
    }
    week = week_data(
        metrics=[row("nss", "Aurora", "signal_down", n=300, q_value=0.01, **falls)],
        aspect_rows=[aspect(metric="nss", verdict="signal_down", **falls)],
        aspect_labels={"price": ("price", "价格")},
    )
    findings, _, _ = told(week)
    assert sorted(finding.text_en.split(" fell")[0] for finding in findings) == [
        "Net sentiment for Aurora",
        "Net sentiment on “price” for Aurora",
    ]


def price(**values: object) -> Change:
    base = {"change_id": "c-1", "document_id": "p1", "brand": "Borealis", "source": "site", "language": "en",
            "title": "Prices", "url": None, "changed_on": "2026-11-17", "change_kind": "price",
            "after_text": "It costs 549 euros instead of 649 euros.", "before_amount": 649.0, "after_amount": 549.0,
            "currency": "EUR", "start_char": 0, "end_char": 40}  # fmt: skip
    return Change(**base | values)


def test_a_price_on_a_competitor_s_page_is_stated_and_not_called_a_fall():
    changes = [price(), price(change_id="c-2", document_id="p2", before_amount=None),
               price(change_id="c-3", change_kind="claim")]  # fmt: skip
    (finding,), _, _ = told(week_data(changes=changes))
    assert finding.rule == "announcement"
    assert finding.text_en == (
        "Borealis states a price of 549 euros on its own pages, against 649 euros before (n=2 of 2 pages this week)."
    )
    assert finding.text_zh == (
        "Borealis 的自有页面写明价格为 549 欧元，对比此前的 649 欧元（本周 2 个页面中的 2 个，n=2）。"
    )
    assert (finding.figure_id, finding.document_ids) == ("fig-changes", ("p1", "p2"))
    assert (finding.estimate.n, finding.estimate.value, finding.estimate.previous) == (2, 549.0, 649.0)


def test_signals_come_before_prices_and_six_lines_are_enough():
    brands = tuple((f"Brand {i}", "competitor") for i in range(9))
    rows = [surge(f"Brand {i}", value=0.3 + i / 100) for i in range(5)]
    changes = [price(change_id=f"c-{i}", brand=f"Brand {i}") for i in range(4)]
    findings, watches, _ = told(
        week_data(metrics=[*rows, surge("X", verdict="watch_up")], brands=brands, changes=changes)
    )
    assert [finding.rule for finding in findings] == ["signal"] * 5 + ["announcement"]
    assert [finding.rank for finding in findings] == [1, 2, 3, 4, 5, 6]
    assert watches == []


def test_a_new_name_needs_ten_documents_to_be_a_finding():
    seen = {"entity_id": "e1", "entity_name": "Zestello", "entity_type": "organisation", "first_week": "2026-W45",
            "document_count": 12, "total_count": 15}  # fmt: skip
    (finding,), _, _ = told(week_data(new_names=[seen]))
    assert finding.text_en == (
        "A name that nobody listed: “Zestello” stands in 12 of 2,412 documents this week (<1%, n=2,412), "
        "first seen in 2026-W45."
    )
    assert "未配置的名称“Zestello”" in finding.text_zh
    assert told(week_data(new_names=[seen | {"document_count": 9}]))[0] == []


def test_evidence_is_what_the_sentence_speaks_of():
    assert evidence_filter(estimate_of(surge()))["sentiment"] == "negative"
    falls = estimate_of(surge(metric="nss", verdict="signal_down"))
    assert evidence_filter(falls)["sentiment"] == "negative"
    named = estimate_of(row("share_of_voice", "Aurora", "signal_up"))
    assert evidence_filter(named) | {"brand": "Aurora"} == {
        "brand": "Aurora", "kind": "*", "topic_id": None, "aspect": None, "sentiment": None, "is_rated": False,
        "is_naming": True,
    }  # fmt: skip


def test_finding_ids_are_stable_and_distinct():
    a, b = estimate_of(surge("Aurora")), estimate_of(surge("Borealis"))
    assert finding_id(a) == finding_id(estimate_of(surge("Aurora", value=0.5)))
    assert finding_id(a) != finding_id(b)


@pytest.mark.parametrize(
    ("values", "en", "zh"),
    [
        (
            {"measures": QUIET},
            "No clear change in 20 tracked measures (2,412 documents).",
            "20 项跟踪指标均无明显变化（2,412 篇文档）。",
        ),
        (
            {"measures": BUILDING},
            "Baseline building: 2 of 8 earlier weeks so far; 2,412 documents this week.",
            "基线积累中：所需的此前 8 周已有 2 周；本周共 2,412 篇文档。",
        ),
        (
            {"measures": Measures(too_few=20), "totals": Totals(counted=12)},
            "Too few to say: 12 documents this week; percentages need 30.",
            "样本不足：本周仅 12 篇文档，百分比至少需要 30 篇。",
        ),
        (
            {"measures": Measures(), "totals": Totals(counted_previous=40)},
            "No documents this week, against 40 the week before.",
            "本周没有文档，上周为 40 篇。",
        ),
    ],
)
def test_summaries_of_weeks_without_signals(values, en, zh):
    week = week_data(**values)
    assert insight.summary(week, wording("en"), [], 0) == en
    assert insight.summary(week, wording("zh"), [], 0) == zh


def test_the_summary_tells_the_first_signal_and_fits():
    week = week_data(metrics=[surge("B" * 300), surge("Borealis")])
    signals, _, _ = candidates(week)
    for language in ("en", "zh"):
        assert len(insight.summary(week, wording(language), signals, 3)) <= 160
    week = week_data(metrics=[surge()])
    signals, _, _ = candidates(week)
    assert insight.summary(week, wording("en"), signals, 0) == (
        "The negative share for Aurora rose to 29% (n=271); 2,412 documents this week."
    )


def test_while_the_baseline_is_built_levels_are_stated_and_no_changes():
    rows = [
        row("nss", "Aurora", "baseline_building", n=212, value=0.31, lo=0.22, hi=0.40),
        row("nss", "Borealis", "baseline_building", n=150, value=0.12, lo=0.01, hi=0.23),
        row("share_of_voice", "Aurora", "baseline_building", n=620, k=211.0, value=0.34, lo=0.30, hi=0.38),
        row("share_of_voice", "Borealis", "baseline_building", n=620, k=254.0, value=0.41, lo=0.37, hi=0.45),
    ]
    week = week_data(metrics=rows, topic_rows=[share("battery")], topics=TOPICS, measures=BUILDING)
    findings, _, _ = told(week)
    assert [f.text_en for f in findings] == [
        "Net sentiment for Aurora stands at +31 points (range +22 to +40, n=212 of 2,412 documents), "
        "against +12 for Borealis (n=150).",
        "Aurora is named in 34% of the 620 documents that name a tracked brand (range 30% to 38%, n=620), "
        "against 41% for Borealis.",
        "The most frequent topic about Aurora is “battery”: 20% of 100 documents (range 13% to 29%, n=100).",
    ]
    assert [f.rule for f in findings] == ["standing"] * 3
    assert findings[1].text_zh == (
        "在 620 篇提及关注品牌的文档中，34% 提及 Aurora（区间 30% 至 38%，n=620），对比 Borealis 的 41%。"
    )


def test_a_week_with_too_few_documents_says_so_without_percentages():
    week = week_data(measures=Measures(too_few=20), totals=Totals(counted=12, counted_previous=40))
    (finding,), _, _ = told(week)
    assert finding.text_en == (
        "Too few to say: 12 documents this week, against 40 the week before; percentages need n=30."
    )
    assert "%" not in finding.text_en


def test_topics_shown_are_those_of_the_findings_then_the_largest():
    rows = [
        share("battery", brand="Borealis", verdict="signal_up"),
        share("delivery", verdict="watch_down", value=0.02, previous=0.2, k=2.0, delta_lo=-0.3, delta_hi=-0.1),
        share("price", k=9.0),
        share("colour", k=11.0),
    ]
    week = week_data(topic_rows=rows, topics=TOPICS)
    picks = [(group, e.topic_id, e.brand) for group, e in topic_picks(week)]
    assert picks == [
        ("rising", "en-battery", "Borealis"),
        ("falling", "en-delivery", "Aurora"),
        ("largest", "en-colour", "Aurora"),
        ("largest", "en-price", "Aurora"),
    ]


def test_a_brand_with_too_few_documents_lends_the_stage_to_all():
    assert topic_brand(week_data(topic_rows=[share("battery", n=12)])) == "*"
    assert topic_brand(week_data(topic_rows=[share("battery", n=30)])) == "Aurora"
    assert topic_brand(week_data(topic_rows=[share("battery", brand="*")], own_brand=None)) == "*"


def test_drivers_add_up_for_a_topic_that_carries_the_whole_change():
    # Before: 60 of 100 positive, 20 negative, none on battery. This week the same 100, and 40 negative on battery.
    rows = [
        {"is_this_week": False, "topic_id": "en-price", "positive": 60, "negative": 20, "scored": 100},
        {"is_this_week": True, "topic_id": "en-price", "positive": 60, "negative": 20, "scored": 100},
        {"is_this_week": True, "topic_id": "en-battery", "positive": 0, "negative": 40, "scored": 40},
    ]
    table = drivers(rows, brand="Aurora")
    assert table is not None
    assert table.delta == pytest.approx(0 / 140 - 0.4)
    (battery,) = [r for r in table.rows if r.topic_id == "en-battery"]
    assert battery.contribution == pytest.approx(-0.4)  # without battery nothing changed
    assert battery.hi < 0
    assert (battery.n, battery.n_previous) == (40, 0)
    assert [r.topic_id for r in table.rows] == ["en-battery"]  # without price, last week would keep nothing


def test_driver_intervals_cover_zero_when_nothing_changed():
    rng = np.random.default_rng(7)
    misses = 0
    for _ in range(40):
        rows = []
        for is_this_week in (False, True):
            for topic in ("a", "b", "c"):
                positive, negative, other = rng.multinomial(60, [0.5, 0.3, 0.2])
                rows.append({"is_this_week": is_this_week, "topic_id": topic, "positive": int(positive),
                             "negative": int(negative), "scored": int(positive + negative + other)})  # fmt: skip
        table = drivers(rows, brand="*")
        assert table is not None
        misses += sum(r.lo > 0 or r.hi < 0 for r in table.rows)
    assert misses <= 14  # 120 intervals at 95 %: 6 are expected to miss, 14 would be a one in a thousand chance


def test_too_few_documents_give_no_drivers():
    assert drivers([], brand="*") is None
    rows = [{"is_this_week": w, "topic_id": None, "positive": 9, "negative": 9, "scored": 29} for w in (True, False)]
    assert drivers(rows, brand="*") is None


def test_alerts_state_every_rule_and_what_fired():
    report = make_report()
    batches = [{"source": "shop", "received": 100, "rejected": 2}, {"source": "mall", "received": 100, "rejected": 1}]
    week = week_data(metrics=[surge()], totals=Totals(counted=14))
    found = {a.rule: a for a in alerts(week, report.findings, report.sources, batches)}
    assert [s.name for s in found["negative_surge"].subjects] == ["Aurora"]
    assert found["negative_surge"].subjects[0].finding_id == report.findings[0].finding_id
    assert [(s.name, s.part, s.whole) for s in found["low_source"].subjects] == [("shop", 12, 50)]
    assert [s.name for s in found["rejected"].subjects] == ["shop"]
    assert found["abstained"].subjects == ()  # 1 of 14


def test_a_source_of_one_document_a_week_is_no_alert():
    (quiet,) = sources(
        [{"source": "site", "kind": "competitor", "status": "silent", "expected": 1.0, "received": 0, "counted": 0,
          "duplicates": 0, "spam": 0, "rejected_total": 0, "newest_published_at": None, "english": 0, "chinese": 0,
          "other_languages": 0, "abstained": 0, "without_topic": 0}]
    )  # fmt: skip
    assert not quiet.is_short


def test_kpis_leave_out_what_the_data_cannot_have():
    queries = dict.fromkeys(
        ("volume", "nss", "share_of_voice", "mean_rating", "negative_share", "coverage"), "select 1"
    )
    week = week_data(metrics=[row("volume", "Aurora", "too_few", n=12, value=12.0)])
    cards = kpis(week, [{"week": "2026-W46", "metric": "nss", "value": 0.1}], [], queries)
    assert [card.kpi_id for card in cards] == ["volume", "nss", "coverage"]
    assert cards[1].history[-2:] == (0.1, None)
    assert cards[1].estimate.verdict == "too_few"
    assert cards[2].estimate.verdict == "baseline_building"


def test_coverage_is_received_of_expected():
    queries = dict.fromkeys(
        ("volume", "nss", "share_of_voice", "mean_rating", "negative_share", "coverage"), "select 1"
    )
    coverage = [
        {"week": "2026-W46", "received": 50, "expected": 50},
        {"week": "2026-W47", "received": 30, "expected": 50},
    ]
    card = kpis(week_data(), [], coverage, queries)[-1]
    assert (card.estimate.value, card.estimate.delta) == (0.6, pytest.approx(-0.4))
    assert card.estimate.verdict == "incomplete"


def test_accuracy_is_read_from_model_cards():
    card = (
        '{"metrics": {"golden": {"n": 600, "macro_f1": {"value": 0.71, "lo": 0.67, "hi": 0.75}, "per_class": '
        '{"negative": {"f1": 0.5}}}, "seconds": 3.5, "accuracy": 0.8}}'
    )
    (model,) = models(
        [{"model_version_id": "m", "task": "sentiment", "language": "en", "name": "minilm", "revision": "1",
          "licence": "MIT", "card": card}]
    )  # fmt: skip
    assert set(model.scores) == {
        ("macro_f1", "golden", 0.71, 0.67, 0.75, 600),
        ("accuracy", "", 0.8, None, None, None),
    }


def test_a_report_survives_its_json():
    report = make_report()
    again = WeeklyReport.model_validate_json(canonical_json(report))
    assert canonical_json(again) == canonical_json(report)
    assert content_hash(again) == report.content_hash


def test_the_content_hash_leaves_out_who_and_when():
    report = make_report()
    later = report.provenance.model_copy(update={"run_id": "run-2", "published_at": "2027-01-01T00:00:00+00:00"})
    assert content_hash(report.model_copy(update={"provenance": later, "revision": 7})) == report.content_hash
    assert content_hash(report.model_copy(update={"summary_en": "else"})) != report.content_hash


def test_the_reason_of_a_revision():
    old = make_report()

    def changed(**values: object) -> WeeklyReport:
        return old.model_copy(update={"provenance": old.provenance.model_copy(update=values)})

    assert revision_reason(old, None) == "first"
    assert revision_reason(old, old) == "recomputed"
    assert revision_reason(changed(data_fingerprint="10-y"), old) == "late_data"
    assert revision_reason(changed(config_hash="d" * 64, data_fingerprint="10-y"), old) == "config_changed"
    assert revision_reason(make_report(models=()), old) == "model_changed"
