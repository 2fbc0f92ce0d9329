"""What `marketbrief evaluate` prints for a person: figures with intervals, then the tables behind them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.markup import escape

from flows.console import Console

_NAMES = {
    "macro_f1": "macro F1", "f1": "F1", "ami": "AMI", "npmi": "NPMI", "bcubed_f1": "B-cubed F1",
    "untyped_f1": "F1 without types", "bcubed_precision": "B-cubed precision", "bcubed_recall": "B-cubed recall",
}  # fmt: skip
_HEADINGS = {"source_kind": "kind", "category": "case"}


def print_evaluation(console: Console, result: Mapping[str, Any]) -> None:
    """One task's result (see `tasks.evaluate.evaluate_task`): figures, classes, confusion, confidence, gaps."""
    where = "golden sets" if result["data"] == "golden" else result["data"]
    texts, n = result.get("text_count", result["n"]), result["n"]
    what = f"{n:,} texts" if texts == n else f"{n:,} labels in {texts:,} texts"
    done = f"given one of {result['topic_count']} topics" if "topic_count" in result else "judged"
    console.print(
        f"[bold]{escape(result['task'])}[/] on {escape(where)}: {what}, {result['coverage']:.1%} of them {done}"
    )
    console.print(f"  [dim]{escape(str(result['model_version_id']))}[/]")
    _print_metrics(console, result)
    _print_classes(console, result.get("per_class") or {})
    _print_confusion(console, result.get("confusion") or {})
    _print_calibration(console, result.get("calibration"))
    _print_gaps(console, result.get("gaps") or {})
    if not result.get("gaps"):
        _print_languages(console, result.get("by_language") or {})
    if "targets" in result:
        print_evaluation(console, {"data": result["data"]} | result["targets"])


def _print_metrics(console: Console, result: Mapping[str, Any]) -> None:
    changes = result.get("changes") or {}
    rows = [
        (_name(name), _figure(metric), _span(metric), _change(changes.get("metrics", {}).get(name)))
        for name, metric in result["metrics"].items()
    ]
    rows += [(f"  {_name(name)}", _figure(metric), _span(metric), told) for name, metric, told in _parts(result)]
    since = f"since {changes['version']}" if changes else ""
    console.table(("metric", "value", "95% interval", since), rows, whole=("metric", "value", "95% interval"))
    if changes:
        how = f"in pairs, on {changes['n_paired']:,} texts" if changes["n_paired"] else "unpaired: as if on other texts"
        models = changes["model_version_id"]
        is_same = models == result["model_version_id"]
        console.print(f"  [dim]compared {how}, with {'the same models' if is_same else escape(str(models))}[/]\n")


def _parts(result: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, float] | float, str]]:
    """Figures that hold for a part of the texts: (name, figure, what it holds for)."""
    judged, polar = result.get("judged") or {}, result.get("polar") or {}
    if judged.get("accuracy") and judged["n"] < result["n"]:
        yield "of those judged", judged["accuracy"], f"n = {judged['n']:,}"
    if polar.get("accuracy"):
        told = f"n = {polar['n']:,}; the model takes a side in {polar['says']:.1%}"
        yield "of sides taken", polar["accuracy"], told
        sure = polar["surest"]
        yield "of the surest sides", sure["accuracy"], f"n = {sure['n']:,}, {sure['coverage']:.0%} of those with a side"
    if where := result.get("where_found"):
        yield "where it was found", where["metrics"]["accuracy"], f"n = {where['n']:,}"
    for name, metric in (result.get("detection") or {}).items():
        yield f"finding it: {_name(name)}", metric, ""


def _print_languages(console: Console, languages: Mapping[str, Mapping[str, Any]]) -> None:
    rows = [
        (language, scores["n"], *(f"{_figure(metric)} ({_span(metric)})" for metric in scores["metrics"].values()))
        for language, scores in languages.items()
        if scores.get("metrics")
    ]
    if len(rows) > 1:
        first = next(scores for scores in languages.values() if scores.get("metrics"))
        columns = ("language", "n", *map(_name, first["metrics"]))
        console.table(columns, rows, title="Languages", whole=columns)


def _print_classes(console: Console, classes: Mapping[str, Mapping[str, Any]]) -> None:
    if not classes:
        return
    keys = [key for key in next(iter(classes.values())) if key not in ("n", "intervals")]
    rows = []
    for label, values in classes.items():
        spans = values.get("intervals", {})
        rows.append((label, values.get("n"), *(_with_span(values[key], spans.get(key)) for key in keys)))
    columns = ("class", "n", *(_name(key) for key in keys))
    console.table(columns, rows, title="Classes", whole=columns)


def _print_confusion(console: Console, confusion: Mapping[str, Mapping[str, int]]) -> None:
    if not confusion:
        return
    said = list(next(iter(confusion.values())))
    rows = [(label, *counts.values()) for label, counts in confusion.items()]
    console.table(("label ↓  said →", *said), rows, title="Confusion", whole=("label ↓  said →",))


def _print_calibration(console: Console, calibration: Mapping[str, Any] | None) -> None:
    if not calibration:
        return
    rows = [
        (f"{b['from']:.0%}–{b['to']:.0%}", b["n"], f"{b['confidence']:.1%}", f"{b['accuracy']:.1%}", _span(b, "%"))
        for b in calibration["bins"]
    ]
    columns = ("confidence", "n", "said", "right", "95% interval")
    console.print(
        f"[bold]Confidence[/]: calibration error {_figure(calibration, 'error')} ({_span(calibration)});"
        f" chance alone would give {calibration['expected_by_chance']:.3f}"
    )
    console.table(columns, rows, whole=columns)


def _print_gaps(console: Console, headings: Mapping[str, list[Mapping[str, Any]]]) -> None:
    rows = [
        (
            _HEADINGS.get(heading, heading) if i == 0 else "",
            fare["group"],
            fare["n"],
            f"{fare['coverage']:.0%}",
            _with_span(fare["accuracy"]["value"], [fare["accuracy"]["lo"], fare["accuracy"]["hi"]]),
            _signed(fare["gap"]),
            ("worse" if fare["gap"]["value"] < 0 else "better") if fare["gap"]["is_beyond"] else "",
        )
        for heading, fares in headings.items()
        for i, fare in enumerate(fares)
    ]
    if rows:
        columns = ("by", "group", "n", "judged", "accuracy", "gap to the rest", "")
        console.table(columns, rows, title="Gaps", whole=("by", "group", "accuracy", "gap to the rest"))


def _name(name: str) -> str:
    return _NAMES.get(name, name.replace("_", " "))


def _figure(metric: Mapping[str, float] | float, key: str = "value") -> str:
    return f"{metric[key] if isinstance(metric, Mapping) else metric:.3f}"


def _span(metric: Mapping[str, float] | float, unit: str = "") -> str:
    if not isinstance(metric, Mapping):
        return ""
    if unit:
        return f"{metric['lo']:.0%} to {metric['hi']:.0%}"
    return f"{metric['lo']:.3f} to {metric['hi']:.3f}"


def _with_span(value: float | None, span: list[float] | None) -> str:
    if value is None or isinstance(value, int):
        return "" if value is None else f"{value:,}"
    return f"{value:.3f}" if span is None else f"{value:.3f} ({span[0]:.2f}–{span[1]:.2f})"


def _signed(change: Mapping[str, float], key: str = "value") -> str:
    return f"{change[key]:+.3f} ({change['lo']:+.2f} to {change['hi']:+.2f})"


def _change(change: Mapping[str, Any] | None) -> str:
    if change is None:
        return ""
    verdict = ("better" if change["delta"] > 0 else "worse") if change["is_beyond"] else "within its interval"
    return f"{_signed(change, 'delta')}, {verdict}"
