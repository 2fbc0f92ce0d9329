"""What the week's rows mean: the sentences of the key findings, the watches and the summary.

Rows of the weekly marts come in with their verdicts, ranked by core/candidates; nothing here tests anything again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tasks.core.candidates import MAX_FINDINGS, Candidate, candidates, family_of, shown, slopes
from tasks.core.contracts import ALL
from tasks.core.news import news
from tasks.core.report_model import Estimate, Finding
from tasks.core.topic_picks import topic_picks
from tasks.core.week_data import MIN_N, WeekData, finding_id
from tasks.core.wording import SUMMARY_LIMIT, Sentence, Wording, clip

MAX_EVIDENCE = 50


def findings(
    week: WeekData,
    wordings: Mapping[str, Wording],
    query_of: Callable[[Estimate], str],
    evidence_of: Callable[[Estimate], Sequence[str]],
) -> tuple[list[Finding], list[Finding], list[str]]:
    """The week's key findings and its watches.

    Without any signal, a week that still builds its baseline states levels, and a week with too few documents says
    so; a quiet week has no findings: its line is told from the measures.

    Args:
        wordings: one for en, one for zh.
        query_of: SQL that reproduces an estimate.
        evidence_of: ids of the documents behind an estimate.
    """
    signals, watches, warnings = candidates(week)
    signals, watches = shown([*signals, *slopes(week, signals)], watches)
    main = [_told(week, item, rank, "signal", wordings, query_of, evidence_of) for rank, item in enumerate(signals, 1)]
    if not main and week.measures.compared == 0:
        main = _standing(week, wordings, query_of, evidence_of)
    main += news(week, wordings, query_of, first_rank=len(main) + 1)[: max(0, MAX_FINDINGS - len(main))]
    watches = watches[: max(0, MAX_FINDINGS - len(main))]
    below = [_told(week, item, rank, "watch", wordings, query_of, evidence_of) for rank, item in enumerate(watches, 1)]
    return main, below, warnings


def _told(
    week: WeekData,
    item: Candidate,
    rank: int,
    rule: str,
    wordings: Mapping[str, Wording],
    query_of: Callable[[Estimate], str],
    evidence_of: Callable[[Estimate], Sequence[str]],
) -> Finding:
    sentences = {}
    for language, wording in wordings.items():
        label = week.label_of(item.estimate, language)
        if item.is_slope:
            sentences[language] = wording.over_weeks(item.estimate, label=label)
        elif item.is_new:
            sentences[language] = wording.new_part(item.estimate, label=label or "")
        else:
            sentences[language] = wording.changed(
                item.estimate, item.reference, is_baseline=item.is_baseline, label=label
            )
    figure_id = figure_of(item.estimate, week.focus_brand)
    rule = "slope" if item.is_slope else rule
    return _finding(rank, rule, item.estimate, figure_id, sentences, query_of, evidence_of)


def summary(week: WeekData, wording: Wording, signals: Sequence[Candidate], watch_count: int) -> str:
    """The report in at most 160 characters. A watch is counted and never told here."""
    documents = wording.count(week.totals.counted)
    if signals:
        best = signals[0].estimate
        end = best.value
        if signals[0].is_slope:
            end = (best.slope_start or 0.0) + 11 * (best.slope or 0.0)
        key = signals[0].direction + ("_slope" if signals[0].is_slope else "")
        text = wording.say(
            f"summary.{'new' if signals[0].is_new else key}",
            subject=wording.subject(best, week.label_of(best, wording.language)),
            value=wording.worded_level(best.metric, end),
            n=wording.count(best.slope_n if signals[0].is_slope else best.n),
            others=wording.say("summary.others", count=len(signals) - 1) if len(signals) > 1 else "",
            documents=documents,
        )
        return clip(text, SUMMARY_LIMIT)
    if week.totals.counted == 0:
        return wording.say("summary.no_documents", previous=wording.count(week.totals.counted_previous))
    if week.measures.compared:
        return wording.say(
            "summary.quiet_watched" if watch_count else "summary.quiet",
            quiet=week.measures.no_clear_change,
            measures=week.measures.compared,
            documents=documents,
            watches=watch_count,
        )
    if week.totals.counted < MIN_N:
        return wording.say("summary.too_few", documents=documents)
    net = week.metric("nss", week.focus_brand)
    if net.value is None:
        return wording.say("summary.baseline", weeks=week.measures.earlier_weeks, documents=documents)
    return clip(
        wording.say(
            "summary.baseline_net",
            weeks=week.measures.earlier_weeks,
            documents=documents,
            subject=wording.subject(net),
            value=wording.worded_level("nss", net.value),
            n=wording.count(net.n),
        ),
        SUMMARY_LIMIT,
    )


def _finding(
    rank: int,
    rule: str,
    estimate: Estimate,
    figure_id: str,
    sentences: Mapping[str, Sentence],
    query_of: Callable[[Estimate], str],
    evidence_of: Callable[[Estimate], Sequence[str]],
) -> Finding:
    return Finding(
        finding_id=finding_id(estimate, rule),
        rank=rank,
        rule=rule,
        estimate=estimate,
        figure_id=figure_id,
        text_en=sentences["en"].text,
        text_zh=sentences["zh"].text,
        strong_en=sentences["en"].strong,
        strong_zh=sentences["zh"].strong,
        query=query_of(estimate),
        document_ids=tuple(evidence_of(estimate))[:MAX_EVIDENCE],
    )


def figure_of(estimate: Estimate, focus_brand: str) -> str:
    """Where the report shows an estimate: the focus brand has figures of its own, other brands a row of the matrix."""
    family = family_of(estimate)
    if family == "topic":
        return f"card-{estimate.topic_id}"
    if estimate.aspect:
        return "fig-aspects"
    if family == "voice":
        return "fig-voice"
    if estimate.brand not in (focus_brand, ALL):
        return "fig-matrix"
    return {"sentiment": "fig-net", "volume": "fig-sentiment", "rating": "kpi-mean_rating"}[family]


def _standing(
    week: WeekData,
    wordings: Mapping[str, Wording],
    query_of: Callable[[Estimate], str],
    evidence_of: Callable[[Estimate], Sequence[str]],
) -> list[Finding]:
    """Findings of a week in which nothing could be compared: levels, or that there are too few documents."""
    if week.totals.counted < MIN_N:
        estimate = week.metric("volume", ALL)
        sentences = {
            language: wording.too_few(week.totals.counted, week.totals.counted_previous)
            for language, wording in wordings.items()
        }
        return [_finding(1, "too_few", estimate, "fig-quality", sentences, query_of, evidence_of)]
    found: list[tuple[Estimate, dict[str, Sentence]]] = []
    net = week.metric("nss", week.focus_brand)
    if net.value is not None:
        found.append((net, _beside_the_best(week, wordings, "net", net)))
    voice = week.metric("share_of_voice", week.own_brand or _most_named(week))
    if voice.value is not None and len(week.brands) > 1:
        found.append((voice, _beside_the_best(week, wordings, "voice", voice)))
    largest = next((share for group, share in topic_picks(week) if group == "largest"), None)
    if largest is not None and largest.value is not None:
        label = clip(week.topics[largest.topic_id or ""].label, 40)
        found.append(
            (
                largest,
                {
                    language: wording.standing(
                        "topic_all" if largest.brand == ALL else "topic", largest, label=label, against=""
                    )
                    for language, wording in wordings.items()
                },
            )
        )
    return [
        _finding(rank, "standing", estimate, figure_of(estimate, week.focus_brand), sentences, query_of, evidence_of)
        for rank, (estimate, sentences) in enumerate(found, 1)
    ]


def _beside_the_best(
    week: WeekData, wordings: Mapping[str, Wording], key: str, estimate: Estimate
) -> dict[str, Sentence]:
    """The level's sentence, with the highest value of another brand beside it."""
    others = [week.metric(estimate.metric, name) for name, _ in week.brands if name != estimate.brand]
    known = sorted((o for o in others if o.value is not None), key=lambda o: (-(o.value or 0), o.brand))
    sentences = {}
    for language, wording in wordings.items():
        against = (
            wording.say(
                f"standing.{key}_against",
                brand=wording.brand(known[0].brand),
                value=wording.level(estimate.metric, known[0].value),
                n=wording.count(known[0].n),
            )
            if known and estimate.brand != ALL
            else ""
        )
        sentences[language] = wording.standing(
            key, estimate, against=against, documents=wording.count(week.totals.counted)
        )
    return sentences


def _most_named(week: WeekData) -> str:
    shares = [week.metric("share_of_voice", name) for name, _ in week.brands]
    return min(shares, key=lambda share: (-(share.k or 0), share.brand)).brand
