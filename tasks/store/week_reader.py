"""Reads what a week's report needs from the warehouse, by the SQL of sql/report, and puts the report together.

The same SQL files make the report's tables and are printed in it with the week's values written in, so that an
analyst can run them as they stand. Only `candidates` and `name_candidates` read more than the published schemas
(similarity to the topic's centre, hashed authors): they choose quotes and make no number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from tasks.config import Settings
from tasks.core import drivers, insight, quotes, report_parts
from tasks.core.candidates import candidates, slopes
from tasks.core.contracts import ALL
from tasks.core.report_model import (
    BrandRow,
    Definition,
    Drivers,
    Estimate,
    Figure,
    Finding,
    Kpi,
    Measures,
    NewName,
    Outlook,
    Page,
    Provenance,
    Quote,
    RatingAgreement,
    Topic,
    TopicCard,
    Totals,
    WeeklyReport,
    content_hash,
)
from tasks.core.topic_picks import topic_brand, topic_picks, topic_sentiment
from tasks.core.week_data import WeekData, estimate_of, evidence_filter
from tasks.core.weeks import monday_of, shift, week_of, week_range
from tasks.core.wording import Wording
from tasks.store.competition_reader import CompetitionReader, change_of
from tasks.store.messages import load_messages
from tasks.store.warehouse import Warehouse, sql_text

WINDOW_WEEKS = 12
NAMES_NEED_WEEKS = 5
QUOTES_A_TOPIC = 2
CHARTED_TOPICS = 8
_PARAMETER = re.compile(r"\$([a-z_]+)")


class WeekReader:
    """Reads what a week's report needs; every query is a file of sql/report, filled with the week's values."""

    def __init__(
        self,
        warehouse: Warehouse,
        settings: Settings,
        iso_week: str,
        aspect_labels: Mapping[str, tuple[str, str]] | None = None,
    ) -> None:
        self.warehouse = warehouse
        self.aspect_labels = aspect_labels or {}
        self.settings = settings
        self.iso_week = iso_week
        self.week_start = monday_of(iso_week)
        self.week = self._week()
        self.values: dict[str, Any] = {
            "week_start": self.week_start,
            "previous_week_start": self.week_start - timedelta(weeks=1),
            "first_week_start": monday_of(self.week.weeks[0]),
            "timezone": settings.market.project.timezone,
            "brand": self.week.focus_brand,
            "kind": ALL,
            "segment": ALL,
            "topic_id": None,
            "aspect": None,
            "sentiment": None,
        }
        self.competition = CompetitionReader(self.rows, self.week)
        self.taken: set[str] = set()
        self.said: list[str] = []

    def rows(self, name: str, **values: Any) -> list[dict[str, Any]]:
        """Rows of sql/report/<name>.sql."""
        sql, given = self._filled(name, values)
        return [_plain(row) for row in self.warehouse.rows(sql, given or None)]

    def query(self, name: str, **values: Any) -> str:
        """The same SQL as text that an analyst can run as it stands, values written in."""
        return fill(*self._filled(name, values))

    def report(self, *, run_id: str, command: str) -> tuple[WeeklyReport, list[str]]:
        """The week's report as revision 1, and warnings."""
        week = self.week
        definitions = tuple(Definition(**row) for row in self.rows("definitions"))
        wordings = {name: Wording(name, load_messages(name), definitions) for name in ("en", "zh")}
        findings, watches, warnings = insight.findings(week, wordings, self._query_of, self._evidence_of)
        signals, _, _ = candidates(week)
        leading = [*signals, *slopes(week, signals)]
        sources = report_parts.sources(self.rows("quality"))
        cards = self._topic_cards()
        has_name_model = bool(self.warehouse.scalar(sql_text("report/name_models")))
        pages = self.rows("pages")
        matrix = report_parts.matrix(week, self.rows("matrix"), self.rows("voice_weeks"))
        largest = self._largest_topics()
        driver_table = self._drivers()
        report = WeeklyReport(
            project=self.settings.market.project.name,
            timezone=self.settings.market.project.timezone,
            iso_week=self.iso_week,
            first_day=self.week_start.isoformat(),
            last_day=(self.week_start + timedelta(days=6)).isoformat(),
            revision=1,
            own_brand=week.own_brand,
            focus_brand=week.focus_brand,
            brands=tuple(name for name, _ in week.brands),
            totals=week.totals,
            measures=week.measures,
            summary_en=insight.summary(week, wordings["en"], leading, week.measures.watch),
            summary_zh=insight.summary(week, wordings["zh"], leading, week.measures.watch),
            findings=tuple(findings),
            watches=tuple(watches),
            kpis=tuple(self._kpis()),
            alerts=report_parts.alerts(week, findings, sources, self.rows("rejected")),
            sentiment=report_parts.sentiment_weeks(week, self.rows("sentiment_weeks"), self.rows("net_weeks")),
            voices=tuple(self._voices()),
            matrix=matrix,
            weeks=week.weeks,
            has_name_model=has_name_model,
            new_names=tuple(self._new_names()),
            pages=tuple(self._page(row) for row in pages),
            page_count=week.totals.competitor_pages,
            topics=self._topics_shown(findings, watches, matrix, cards, largest, driver_table),
            topic_cards=tuple(cards),
            topic_brand=topic_brand(week),
            largest_topics=tuple(largest),
            drivers=driver_table,
            preferences=tuple(self.competition.preferences(self.taken, self.said)),
            changes=tuple(week.changes),
            aspects=tuple(self.competition.aspects()),
            outlooks=tuple(Outlook(**row) for row in self.rows("forecast")),
            brand_spans=tuple(self.competition.brand_spans()),
            sources=sources,
            models=report_parts.models(self.rows("models")),
            rating_agreement=tuple(RatingAgreement(**row) for row in self.rows("rating_agreement")),
            definitions=definitions,
            figures=tuple(self._figures()),
            provenance=self._provenance(run_id, command),
        )
        return report.model_copy(update={"content_hash": content_hash(report)}), warnings

    def _week(self) -> WeekData:
        previous = self.week_start - timedelta(weeks=1)
        row = self.warehouse.rows(
            sql_text("report/totals"), {"week_start": self.week_start, "previous_week_start": previous}
        )[0]
        first: date | None = row.pop("first_week_start")
        earliest = shift(self.iso_week, 1 - WINDOW_WEEKS)
        begin = max(earliest, week_of(first)) if first and first <= self.week_start else self.iso_week
        start = {"week_start": self.week_start}
        counted = {
            item["verdict"]: item["measure_count"] for item in self.warehouse.rows(sql_text("report/measures"), start)
        }
        topics = {
            item["topic_id"]: Topic(**{**item, "label": item["label"] or " ".join(item["keywords"][:3])})
            for item in self.warehouse.rows(sql_text("report/topic_names"))
        }
        return WeekData(
            project=self.settings.market.project.name,
            timezone=self.settings.market.project.timezone,
            iso_week=self.iso_week,
            week_start=self.week_start,
            weeks=tuple(week_range(begin, self.iso_week)),
            own_brand=self.settings.own_brand,
            brands=tuple((brand.name, brand.role) for brand in self.settings.market.brands),
            totals=Totals(**row),
            metrics=[_plain(item) for item in self.warehouse.rows(sql_text("report/metrics"), start)],
            topic_rows=[_plain(item) for item in self.warehouse.rows(sql_text("report/topic_rows"), start)],
            topics=topics,
            aspect_rows=[_plain(item) for item in self.warehouse.rows(sql_text("report/aspect_rows"), start)],
            aspect_labels=self.aspect_labels,
            changes=[change_of(item) for item in self.warehouse.rows(sql_text("report/changes"), start)],
            new_names=self._names_seen(first),
            measures=Measures(
                signal=counted.get("signal_up", 0) + counted.get("signal_down", 0),
                watch=counted.get("watch_up", 0) + counted.get("watch_down", 0),
                no_clear_change=counted.get("no_clear_change", 0),
                too_few=counted.get("too_few", 0),
                baseline_building=counted.get("baseline_building", 0),
                excluded=counted.get("excluded", 0),
                earlier_weeks=max(0, (self.week_start - first).days // 7) if first else 0,
                query=fill(sql_text("report/measures"), start),
            ),
        )

    def _query_of(self, estimate: Estimate) -> str:
        given = {name: getattr(estimate, name) for name in ("metric", "brand", "kind", "segment", "topic_id", "aspect")}
        if estimate.metric == "announcement":
            return self.query(
                "change_row", brand=estimate.brand, segment=estimate.segment, amount=f"{estimate.value:.2f}"
            )
        if estimate.metric == "new_name":
            return self.query("name_row", entity_id=estimate.brand)
        return self.query(
            "aspect_row" if estimate.aspect else "topic_row" if estimate.topic_id else "metric_row", **given
        )

    def _evidence_of(self, estimate: Estimate) -> list[str]:
        return [row["document_id"] for row in self.rows("evidence", **evidence_filter(estimate))]

    def _kpis(self) -> list[Kpi]:
        queries = {name: self.query("metric_row", metric=name) for name in report_parts.KPI_METRICS}
        queries["coverage"] = self.query("coverage_weeks")
        history = [{**row, "week": week_of(row["week_start"])} for row in self.rows("history")]
        coverage = [{**row, "week": week_of(row["week_start"])} for row in self.rows("coverage_weeks")]
        return report_parts.kpis(self.week, history, coverage, queries)

    def _topic_cards(self) -> list[TopicCard]:
        cards = []
        for group, share in topic_picks(self.week):
            topic = self.week.topics[share.topic_id or ""]
            found = self.rows("candidates", brand=share.brand, topic_id=share.topic_id)
            chosen = quotes.choose(found, QUOTES_A_TOPIC, keywords=topic.keywords, taken=self.taken, said=self.said)
            cards.append(
                TopicCard(
                    group=group,
                    topic=topic,
                    share=share,
                    sentiment=topic_sentiment(self.week, share),
                    quotes=tuple(chosen),
                )
            )
        return cards

    def _largest_topics(self) -> list[Estimate]:
        """The topics of fig-topics, in the order of its query."""
        brand = topic_brand(self.week)
        rows = {
            row["topic_id"]: row
            for row in self.week.topic_rows
            if row["brand"] == brand and row["metric"] == "topic_share"
        }
        return [estimate_of(rows[row["topic_id"]]) for row in self.rows("topics", brand=brand)[:CHARTED_TOPICS]]

    def _topics_shown(
        self,
        findings: list[Finding],
        watches: list[Finding],
        matrix: tuple[BrandRow, ...],
        cards: list[TopicCard],
        largest: list[Estimate],
        driver_table: Drivers | None,
    ) -> tuple[Topic, ...]:
        """Every topic that some part of the report names."""
        named = {
            *(item.estimate.topic_id for item in [*findings, *watches]),
            *(row.top_topic_id for row in matrix),
            *(card.topic.topic_id for card in cards),
            *(share.topic_id for share in largest),
            *(row.topic_id for row in (driver_table.rows if driver_table else ())),
        }
        return tuple(self.week.topics[key] for key in sorted(key for key in named if key))

    def _drivers(self) -> Drivers | None:
        """None where this week's net sentiment may not be set against last week's: other sources, or too few."""
        if self.week.metric("nss", self.week.focus_brand).delta is None:
            return None
        return drivers.drivers(self.rows("driver_counts"), brand=self.week.focus_brand)

    def _voices(self) -> list[Quote]:
        """One negative and one positive document of the focus brand, the surest ones that are not quoted yet."""
        found: list[Quote] = []
        for sentiment in ("negative", "positive"):
            rows = self.rows("candidates", sentiment=sentiment)
            found += quotes.choose(rows, 1, taken=self.taken, said=self.said)
        return found

    def _names_seen(self, first: date | None) -> list[dict[str, Any]]:
        """Names that nobody listed; none while the data is too young to call a name new."""
        if first is None or (self.week_start - first).days // 7 < NAMES_NEED_WEEKS:
            return []
        return self.warehouse.rows(sql_text("report/new_names"), {"week_start": self.week_start})

    def _new_names(self) -> list[NewName]:
        names = []
        for seen in self.week.new_names:
            row = dict(seen)
            entity_id = row.pop("entity_id")
            found = quotes.choose(
                self.rows("name_candidates", entity_id=entity_id),
                1,
                keywords=(row["entity_name"],),
                taken=self.taken,
                said=self.said,
            )
            names.append(NewName(**row, quote=found[0] if found else None))
        return names

    def _page(self, row: Mapping[str, Any]) -> Page:
        found = quotes.choose([{**row, "sentiment": None}], 1, taken=self.taken, said=self.said)
        return Page(
            document_id=row["document_id"],
            title=row["title"],
            brand=row["brand"],
            source=row["source"],
            published_date=str(row["published_date"]),
            url=row["url"],
            quote=found[0] if found else None,
        )

    def _figures(self) -> list[Figure]:
        brand = topic_brand(self.week)
        queries = {
            "fig-sentiment": self.query("sentiment_weeks"),
            "fig-net": self.query("net_weeks"),
            "fig-voice": self.query("voice_weeks"),
            "fig-matrix": self.query("matrix"),
            "fig-names": self.query("new_names"),
            "fig-aspects": self.query("aspects"),
            "fig-comparisons": self.query("comparisons"),
            "fig-changes": self.query("changes"),
            "fig-forecast": self.query("forecast"),
            "fig-coverage": self.query("brand_coverage"),
            "fig-topics": self.query("topics", brand=brand),
            "fig-drivers": self.query("driver_counts"),
            "fig-quality": self.query("quality"),
            "totals": self.query("totals"),
            "agreement": self.query("rating_agreement"),
        }
        return [Figure(figure_id=name, query=text) for name, text in queries.items()]

    def _provenance(self, run_id: str, command: str) -> Provenance:
        previous = self.warehouse.rows(
            "select iso_week, max(revision) as revision from marts.report where iso_week < $iso_week "
            "group by iso_week order by iso_week desc limit 1",
            {"iso_week": self.iso_week},
        )
        return Provenance(
            run_id=run_id,
            published_at=datetime.now(UTC).replace(microsecond=0).isoformat(),
            config_hash=self.settings.config_hash,
            command=command,
            reason="first",
            languages=tuple(self.settings.market.project.languages),
            data_fingerprint=self.rows("fingerprint")[0]["fingerprint"],
            inputs_fingerprint=self.rows("inputs")[0]["fingerprint"],
            link_base=self.settings.market.notify.link_base,
            corrections_fingerprint=self.rows("corrections")[0]["fingerprint"],
            previous_week=previous[0]["iso_week"] if previous else None,
            previous_revision=previous[0]["revision"] if previous else None,
        )

    def _filled(self, name: str, values: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        sql = sql_text(f"report/{name}")
        known = {**self.values, **values}
        return sql, {key: known[key] for key in set(_PARAMETER.findall(sql))}


def fill(sql: str, values: Mapping[str, Any]) -> str:
    """SQL with its $parameters written in as literals."""
    return _PARAMETER.sub(lambda match: _literal(values[match[1]]), sql).strip()


def _literal(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return f"date '{value.isoformat()}'"
    return "'" + str(value).replace("'", "''") + "'"


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row with decimals as floats."""
    return {key: float(value) if isinstance(value, Decimal) else value for key, value in row.items()}
