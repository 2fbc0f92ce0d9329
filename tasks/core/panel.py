"""From frames of weekly counts to the rows of the weekly marts.

Counts arrive per week, source, kind, brand and segment (or topic, or aspect); rows leave per week, metric, brand and
kind, for every week from the first to the last, weeks without documents included. All rows tested in a week, of all
tables together, are one family of the correction for many comparisons; all slopes over twelve weeks are another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tasks.core import statistics
from tasks.core.contracts import ALL
from tasks.core.slope import Slopes, fit_slopes, slope_verdicts
from tasks.core.statistics import MAX_DISTINCT_VALUES, Floats
from tasks.core.weekly import MEASURES, MIN_N, NO_VALUES, Bools, Coverage, Judged, Measure, compare, judge, verdicts
from tasks.core.weeks import week_of

LARGEST_SEGMENTS = 50
MAX_SEGMENTS = 200
COUNTS = (
    "raw_count", "document_count", "story_count", "raw_naming_count", "naming_count", "story_naming_count",
    "scored_count", "positive_count", "negative_count",
)  # fmt: skip
# The same facts with copies, or with stories, counted otherwise: shown beside the tested ones, never tested again.
COUNTED_OTHERWISE = ("story_volume", "share_of_voice_raw", "share_of_voice_stories")
SLOPE_COLUMNS = ("slope", "lo", "hi", "start")
VALUE_COLUMNS = ("value", "lo", "hi", "previous", "baseline", "delta", "delta_lo", "delta_hi")


@dataclass(frozen=True, slots=True)
class Axes:
    """The axes of a panel, each a sorted index; groups are all brands together (*), then the tracked brands."""

    weeks: pd.Index
    sources: pd.MultiIndex
    groups: pd.Index

    @property
    def kinds(self) -> NDArray[np.object_]:
        return self.sources.get_level_values("kind").to_numpy()


@dataclass(frozen=True, slots=True)
class Judgement:
    """One metric of one table: keys has a row for each row of judged and of slopes."""

    table: str
    keys: pd.DataFrame
    judged: Judged
    slopes: Slopes


def axes_of(source_weeks: pd.DataFrame, brands: Sequence[str]) -> Axes:
    """Axes from the coverage frame: one row per (source, kind, week_start)."""
    sources = source_weeks[["source", "kind"]].drop_duplicates().sort_values(["source", "kind"])
    return Axes(
        weeks=pd.Index(sorted(source_weeks["week_start"].unique()), name="week_start"),
        sources=pd.MultiIndex.from_frame(sources),
        groups=pd.Index([ALL, *brands], name="brand"),
    )


def coverage_of(source_weeks: pd.DataFrame, brand_weeks: pd.DataFrame, axes: Axes, *, is_total: bool) -> Coverage:
    """Which weeks can be compared, by group, source and week.

    All brands together are comparable only between weeks in which the same brands were covered; their totals, and
    every share of voice, are incomplete until the last brand is covered, and in weeks in which one is not.

    Args:
        source_weeks: state (covered, incomplete, absent) per (source, kind, week_start).
        brand_weeks: state (before, incomplete, covered, after) per (source, kind, brand, week_start).
        is_total: for metrics that can't leave a source out.
    """
    states = source_weeks.pivot(index=["source", "kind"], columns="week_start", values="state")
    state = states.reindex(index=axes.sources, columns=axes.weeks).to_numpy()
    key = np.repeat((state == "covered").astype(np.int64)[None], len(axes.groups), axis=0)
    incomplete = np.repeat((state == "incomplete")[None], len(axes.groups), axis=0)
    brand_states = brand_weeks.pivot(index=["source", "kind", "brand"], columns="week_start", values="state")
    for (source_name, kind), rows in brand_states.groupby(level=["source", "kind"]):
        source = axes.sources.get_loc((source_name, kind))
        table = rows.reindex(columns=axes.weeks).to_numpy()
        for brand, of_week in zip(rows.index.get_level_values("brand"), table, strict=True):
            group = axes.groups.get_loc(brand)
            key[group, source] *= of_week == "covered"
            incomplete[group, source] &= (of_week != "before") & (of_week != "after")
            incomplete[group, source] |= of_week == "incomplete"
        _, mixture = np.unique(table.astype(str), axis=1, return_inverse=True)
        if is_total:
            missing = ((table == "before") | (table == "incomplete")).any(axis=0)
            incomplete[0, source] |= missing & (state[source] != "absent")
        key[0, source] *= 1 + mixture.reshape(-1)
    key[0] = np.where(incomplete[0], 0, key[0])
    return Coverage(key=key, is_incomplete=incomplete)


def judge_metrics(
    counts: pd.DataFrame,
    ratings: pd.DataFrame,
    axes: Axes,
    *,
    kinds: Sequence[str],
    coverages: Mapping[bool, Coverage],
) -> list[Judgement]:
    """Judge every metric of marts.weekly_metric.

    Args:
        counts: COUNTS per (week_start, source, kind, brand, segment).
        ratings: document_count per (week_start, source, kind, brand, segment, rating).
        kinds: kinds that get rows of their own.
        coverages: by whether the metric is a total.
    """
    segments = leading_segments(counts)
    cells = _metric_cells(counts, axes, segments)
    index = pd.MultiIndex.from_frame(cells[["brand", "segment"]])
    tensor = _tensor(counts, axes, index, ["brand", "segment"], list(COUNTS))
    named = dict(zip(COUNTS, np.moveaxis(tensor, -1, 0), strict=True))
    histogram, values = _histogram(ratings, axes, index)

    rows = _with_kinds(cells, kinds)
    at = rows.pop("cell").to_numpy()
    takes = _kind_mask(rows["kind"], axes)
    is_tested = (rows["segment"] == ALL).to_numpy()
    group = axes.groups.get_indexer(pd.Index(rows["brand"]))
    all_brands = index.get_indexer(pd.MultiIndex.from_arrays([[ALL] * len(rows), rows["segment"]]))
    is_customers = (rows["kind"] != "competitor").to_numpy()

    raw, documents, stories = (named[name] for name in COUNTS[:3])
    voices = dict(zip(("_raw", "", "_stories"), (named[name] for name in COUNTS[3:6]), strict=True))
    scored, positive, negative = (named[name] for name in COUNTS[6:])
    net, polar = positive - negative, positive + negative
    rated = _rating_sums(ratings, axes, index)
    recipes: dict[str, tuple[Bools, Floats]] = {
        "volume": (_any(rows), _parts(documents, documents, documents)[at]),
        "volume_raw": (_any(rows), _parts(raw, raw, raw)[at]),
        "nss": (is_customers, _parts(scored, net, polar)[at]),
        "nsr": (is_customers, _parts(polar, net, polar)[at]),
        "negative_share": (is_customers, _parts(scored, negative, negative)[at]),
        "positive_share": (is_customers, _parts(scored, positive, positive)[at]),
        "story_volume": (is_customers, _parts(stories, stories, stories)[at]),
        "mean_rating": (is_customers, np.concatenate([rated, histogram], axis=-1)[at]),
        "abstention_share": (is_customers, _parts(documents, documents - scored, documents - scored)[at]),
    }
    for way, naming in voices.items():
        recipes[f"share_of_voice{way}"] = (
            is_customers & (rows["brand"] != ALL).to_numpy(),
            _parts(naming[all_brands], naming[at], naming[at]),
        )
    judgements = []
    for metric, (chosen, parts) in recipes.items():
        measure = MEASURES[metric]
        parts = parts[chosen]
        # A share of voice has all brands' coverage: a brand that is missing makes the others look bigger.
        groups = np.zeros(chosen.sum(), np.int64) if metric.startswith("share_of_voice") else group[chosen]
        judgements.append(
            _judgement(
                "weekly_metric",
                rows[chosen].assign(metric=metric),
                parts,
                measure=measure,
                group=groups,
                draws=takes[chosen],
                coverage=coverages[measure.is_total],
                is_tested=is_tested[chosen] & (metric not in COUNTED_OTHERWISE),
                rating_values=values,
            )
        )
    return judgements


def judge_parts(
    counts: pd.DataFrame, part_counts: pd.DataFrame, axes: Axes, *, part: str, share: str, coverage: Coverage
) -> list[Judgement]:
    """Judge the share and the net sentiment of parts of a brand's documents: its topics, or its aspects.

    Args:
        counts: as for judge_metrics; gives the brands' documents.
        part_counts: document_count, scored_count, positive_count, negative_count per
            (week_start, source, kind, brand, part).
        part: topic_id or aspect.
        share: topic_share or aspect_share.
    """
    if part_counts.empty:
        return []
    keys = part_counts[["brand", part]].drop_duplicates().sort_values(["brand", part], ignore_index=True)
    of_brand = counts[counts["segment"] == ALL]
    brands = pd.Index(sorted(keys["brand"].unique()), name="brand")
    cell = brands.get_indexer(pd.Index(keys["brand"]))
    whole = _tensor(of_brand, axes, brands, ["brand"], ["document_count"])[cell][..., 0]
    columns = ["document_count", "scored_count", "positive_count", "negative_count"]
    tensor = _tensor(part_counts, axes, pd.MultiIndex.from_frame(keys), ["brand", part], columns)
    documents, scored, positive, negative = np.moveaxis(tensor, -1, 0)
    recipes = {
        share: _parts(whole, documents, documents),
        "nss": _parts(scored, positive - negative, positive + negative),
    }
    group = axes.groups.get_indexer(pd.Index(keys["brand"]))
    takes = np.repeat((axes.kinds != "competitor")[None], len(keys), axis=0)
    judgements = []
    for metric, parts in recipes.items():
        judgements.append(
            _judgement(
                f"weekly_{part.removesuffix('_id')}",
                keys.assign(metric=metric),
                parts,
                measure=MEASURES[metric],
                group=group,
                draws=takes,
                coverage=coverage,
                is_tested=np.ones(len(keys), np.bool_),
            )
        )
    return judgements


def _judgement(
    table: str,
    keys: pd.DataFrame,
    parts: Floats,
    *,
    measure: Measure,
    group: NDArray[np.int64],
    draws: Bools,
    coverage: Coverage,
    is_tested: Bools,
    rating_values: Floats = NO_VALUES,
) -> Judgement:
    """Both rules on one metric; a source that a row never had a document of does not bind it."""
    given = {
        "measure": measure,
        "group": group,
        "draws": draws & (parts[:, :, :, 0].sum(axis=2) > 0),
        "coverage": coverage,
    }
    judged = judge(measure, compare(parts, **given), is_tested=is_tested, rating_values=rating_values)
    slopes = fit_slopes(parts[..., :3], is_tested=is_tested, is_excluded=judged.is_excluded, **given)
    return Judgement(table, keys, judged, slopes)


def weekly_frames(judgements: Sequence[Judgement], axes: Axes) -> dict[str, pd.DataFrame]:
    """Correct for all comparisons of each week at once, and lay the rows out.

    Returns:
        Per table (weekly_metric, weekly_topic, weekly_aspect), one row per week and key, sorted by them.
    """
    q_values = _corrected([judgement.judged.p for judgement in judgements])
    slope_q_values = _corrected([judgement.slopes.p for judgement in judgements])
    frames: dict[str, list[pd.DataFrame]] = {}
    for judgement, q_value, slope_q_value in zip(judgements, q_values, slope_q_values, strict=True):
        frames.setdefault(judgement.table, []).append(_frame(judgement, q_value, slope_q_value, axes))
    return {
        table: pd.concat(parts, ignore_index=True).sort_values(
            ["week_start", "metric", *[c for c in parts[0] if c in ("brand", "kind", "segment", "topic_id", "aspect")]],
            ignore_index=True,
        )
        for table, parts in frames.items()
    }


def leading_segments(counts: pd.DataFrame) -> list[str]:
    """The 50 segments with the most documents, and all (up to 200) that have 30 in some week: others show no value."""
    named = counts[(counts["segment"] != ALL) & (counts["brand"] == ALL)]
    weekly = named.groupby(["segment", "week_start"])["raw_count"].sum()
    sizes = weekly.groupby("segment").agg(["sum", "max"]).reset_index()
    ordered = sizes.sort_values(["sum", "segment"], ascending=[False, True], ignore_index=True)
    kept = ordered[(ordered.index < LARGEST_SEGMENTS) | (ordered["max"] >= MIN_N)]
    return kept["segment"].head(MAX_SEGMENTS).tolist()


def _corrected(p_values: Sequence[Floats]) -> list[Floats]:
    """q-values of arrays (n_rows, n_weeks) of p-values: each week, over all arrays, is a family."""
    week = [np.tile(np.arange(p.shape[1]), len(p)) for p in p_values]
    flat = np.concatenate([p.ravel() for p in p_values])
    q_values = statistics.benjamini_hochberg(flat, np.concatenate(week))
    parts = np.split(q_values, np.cumsum([p.size for p in p_values])[:-1])
    return [part.reshape(p.shape) for part, p in zip(parts, p_values, strict=True)]


def _frame(judgement: Judgement, q_value: Floats, slope_q_value: Floats, axes: Axes) -> pd.DataFrame:
    judged, slopes, n_weeks = judgement.judged, judgement.slopes, len(axes.weeks)
    columns: dict[str, Any] = {
        name: np.repeat(judgement.keys[name].to_numpy(), n_weeks) for name in judgement.keys.columns
    }
    columns["week_start"] = np.tile(axes.weeks.to_numpy(), len(judgement.keys))
    columns["iso_week"] = np.tile(np.array([week_of(day) for day in axes.weeks]), len(judgement.keys))
    columns["n"] = judged.n.ravel()
    columns["k"] = np.round(judged.k.ravel(), 4)
    for name in VALUE_COLUMNS:
        columns[name] = np.round(getattr(judged, name).ravel(), 6) + 0.0
    columns["q_value"] = np.round(q_value.ravel(), 6)
    columns["verdict"] = verdicts(judged, q_value).ravel()
    for name in SLOPE_COLUMNS:
        columns[f"slope_{name}".replace("slope_slope", "slope")] = np.round(getattr(slopes, name).ravel(), 6) + 0.0
    columns["slope_n"] = slopes.n.ravel()
    columns["slope_q_value"] = np.round(slope_q_value.ravel(), 6)
    columns["slope_verdict"] = slope_verdicts(
        slopes, slope_q_value, measure=judged.measure, n=judged.n, is_excluded=judged.is_excluded
    ).ravel()
    return pd.DataFrame(columns)


def _metric_cells(counts: pd.DataFrame, axes: Axes, segments: Sequence[str]) -> pd.DataFrame:
    """One row per (brand, segment): every brand with segment *, and the brands that a segment has documents of."""
    whole = pd.DataFrame({"brand": axes.groups, "segment": ALL})
    parts = counts.loc[counts["segment"].isin(segments) & counts["brand"].isin(axes.groups), ["brand", "segment"]]
    return pd.concat([whole, parts.drop_duplicates().sort_values(["brand", "segment"])], ignore_index=True)


def _with_kinds(cells: pd.DataFrame, kinds: Sequence[str]) -> pd.DataFrame:
    """Rows (brand, segment, kind, cell): kind * for all cells, each kind for segment *."""
    cells = cells.assign(cell=np.arange(len(cells)), kind=ALL)
    whole = cells[cells["segment"] == ALL]
    return pd.concat([cells, *[whole.assign(kind=kind) for kind in kinds]], ignore_index=True)


def _kind_mask(kinds: pd.Series, axes: Axes) -> Bools:
    """(n_rows, n_sources): a row of kind * takes reviews and news, never competitors' own words."""
    row_kind, source_kind = kinds.to_numpy()[:, None], axes.kinds[None]
    return (row_kind == source_kind) | ((row_kind == ALL) & (source_kind != "competitor"))


def _tensor(frame: pd.DataFrame, axes: Axes, rows: pd.Index, row_columns: list[str], columns: list[str]) -> Floats:
    """Counts as (n_rows, n_sources, n_weeks, n_columns); keys of the frame that are not in rows are left out."""
    wanted = pd.MultiIndex.from_frame(frame[row_columns]) if len(row_columns) > 1 else pd.Index(frame[row_columns[0]])
    row = rows.get_indexer(wanted)
    source = axes.sources.get_indexer(pd.MultiIndex.from_frame(frame[["source", "kind"]]))
    week = axes.weeks.get_indexer(pd.Index(frame["week_start"]))
    tensor = np.zeros((len(rows), len(axes.sources), len(axes.weeks), len(columns)))
    known = row >= 0
    tensor[row[known], source[known], week[known]] = frame.loc[known, columns].to_numpy(np.float64)
    return tensor


def _rating_sums(ratings: pd.DataFrame, axes: Axes, index: pd.MultiIndex) -> Floats:
    """Number of ratings, their sum and the sum of their squares, (n_rows, n_sources, n_weeks, 3)."""
    keys = ["week_start", "source", "kind", "brand", "segment"]
    sums = ratings.assign(
        n=ratings["document_count"],
        k=ratings["document_count"] * ratings["rating"],
        q=ratings["document_count"] * ratings["rating"] ** 2,
    )
    sums = sums.groupby(keys)[["n", "k", "q"]].sum().reset_index()
    return _tensor(sums, axes, index, ["brand", "segment"], ["n", "k", "q"])


def _histogram(ratings: pd.DataFrame, axes: Axes, index: pd.MultiIndex) -> tuple[Floats, Floats]:
    """Documents of each rating, (n_rows, n_sources, n_weeks, n_values), and the values (n_values,).

    With more than 32 distinct ratings each goes to the nearest of 32 evenly spaced ones: enough for an interval.
    """
    values = np.sort(ratings["rating"].unique()).astype(np.float64)
    if len(values) > MAX_DISTINCT_VALUES:
        grid = np.linspace(values[0], values[-1], MAX_DISTINCT_VALUES)
        nearest = grid[np.abs(ratings["rating"].to_numpy()[:, None] - grid[None]).argmin(axis=1)]
        keys = ["week_start", "source", "kind", "brand", "segment", "rating"]
        ratings = ratings.assign(rating=nearest).groupby(keys)["document_count"].sum().reset_index()
        values = np.sort(ratings["rating"].unique())
    histogram = np.zeros((len(index), len(axes.sources), len(axes.weeks), len(values)))
    for number, value in enumerate(values):
        of_value = ratings[ratings["rating"] == value].reset_index(drop=True)
        histogram[..., number] = _tensor(of_value, axes, index, ["brand", "segment"], ["document_count"])[..., 0]
    return histogram, values


def _parts(n: Floats, k: Floats, q: Floats) -> Floats:
    return np.stack([n, k, q], axis=-1)


def _any(rows: pd.DataFrame) -> Bools:
    return np.ones(len(rows), np.bool_)
