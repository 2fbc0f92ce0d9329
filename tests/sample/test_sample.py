"""The sample's files are what the generator writes, read like reviews, and hold what truth.json says."""

from __future__ import annotations

import gzip
import json
import random
import re
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from sample_files import INBOX, SAMPLE, Found, read_inbox

from tasks.config import load_settings

REVIEWS = ("storefront", "webshop", "mall", "survey")
NAMES = {
    "Northwind": ("northwind coffee", "northwind", "北风咖啡", "北风"),
    "Bellacrema": ("bellacrema", "贝拉奇"),
    "Kaffelund": ("kaffelund", "卡弗伦"),
    "Torvane": ("torvane", "托凡"),
    "Moricci": ("moricci", "莫里奇"),
    "Zestello": ("zestello", "泽思乐"),
}


@pytest.fixture(scope="module")
def truth() -> dict:
    return json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def planted(truth: dict) -> dict:
    return truth["planted"]


@pytest.fixture(scope="module")
def records() -> list[Found]:
    return read_inbox()


@pytest.fixture(scope="module")
def labels() -> list[dict]:
    lines = gzip.decompress((SAMPLE / "truth_documents.jsonl.gz").read_bytes()).decode("utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def pairs(records: list[Found], labels: list[dict]) -> dict[str, tuple[Found, dict]]:
    """Every document's newest record in the files, by source/id, with its line of the truth."""
    places = {(record.file, record.position): record for record in records}
    return {f"{row['source']}/{row['id']}": (places[row["file"], row["position"]], row) for row in labels}


@pytest.fixture(scope="module")
def usable(pairs: dict[str, tuple[Found, dict]]) -> list[tuple[Found, dict]]:
    """Reviews that count: neither spam nor a later copy."""
    return [
        (record, row)
        for record, row in pairs.values()
        if record.source in REVIEWS and not {"spam", "duplicate_of"} & row.get("flags", {}).keys()
    ]


def _per_week(usable: list[tuple[Found, dict]], weeks: list[str], brand: str, test) -> list[tuple[int, int]]:
    """(n, k) per week of a brand's reviews; k counts those that pass the test."""
    counts = {week: [0, 0] for week in weeks}
    for record, row in usable:
        if record.brand == brand and record.week in counts:
            counts[record.week][0] += 1
            counts[record.week][1] += bool(test(record, row))
    return [(n, k) for n, k in counts.values()]


def _is_negative(record: Found, row: dict) -> bool:
    return row["sentiment"] == "negative"


def _has_few_stars(record: Found, row: dict) -> bool:
    return record.rating is not None and record.rating <= 2


def _share(counts: list[tuple[int, int]]) -> float:
    return sum(k for _, k in counts) / sum(n for n, _ in counts)


def _letters(text: str) -> str:
    return re.sub(r"\W+", "", text.casefold())


def test_generator_writes_exactly_the_committed_files(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, str(SAMPLE / "generate.py"), "--out", str(tmp_path)], check=True, capture_output=True
    )
    made = {path.relative_to(tmp_path): path for path in tmp_path.rglob("*") if path.is_file()}
    committed = [*(path for path in INBOX.rglob("*") if path.is_file()), *SAMPLE.glob("truth*")]
    assert set(made) == {path.relative_to(SAMPLE) for path in committed}
    for path in committed:
        old, new = path.read_bytes(), made[path.relative_to(SAMPLE)].read_bytes()
        if path.suffix == ".gz":
            # Libraries compress differently; the content and the missing time stamp are what counts.
            assert new[4:8] == b"\0\0\0\0", path
            old, new = gzip.decompress(old), gzip.decompress(new)
        assert old == new, path


def test_sample_is_small() -> None:
    assert sum(path.stat().st_size for path in SAMPLE.rglob("*") if path.is_file()) < 6_000_000


def test_market_toml_reads_every_file_of_the_inbox_once(truth: dict) -> None:
    config = SAMPLE.parents[1] / "market.toml"
    settings = load_settings(config)
    files: Counter[str] = Counter()
    for source in settings.market.sources:
        pattern = Path(settings.source_path(source))
        found = pattern.rglob("*.html") if pattern.is_dir() else pattern.parent.glob(pattern.name)
        names = [path.relative_to(INBOX).as_posix() for path in found]
        assert sorted(names) == truth["sources"][source.name]["files"]
        files.update(names)
    assert files == Counter(path.relative_to(INBOX).as_posix() for path in INBOX.rglob("*") if path.is_file())
    assert settings.own_brand == "Northwind"
    assert {brand.name for brand in settings.market.brands} == {brand["name"] for brand in truth["brands"]}
    assert not re.search("zestello|泽思乐", config.read_text(encoding="utf-8"), re.IGNORECASE)


def test_counts_of_one_ingest(records: list[Found], truth: dict) -> None:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    reasons: dict[str, Counter[str]] = defaultdict(Counter)
    known: dict[tuple[str, str], tuple] = {}
    for record in records:
        count, key = counts[record.source], (record.source, record.key)
        content = (record.text, record.title, record.rating)
        count["received"] += 1
        if record.problem:
            count["rejected"] += 1
            reasons[record.source][record.problem] += 1
        elif key not in known:
            count["loaded"] += 1
        else:
            count["duplicates" if known[key] == content else "updated"] += 1
        if not record.problem:
            known[key] = content
    for source, expected in truth["sources"].items():
        assert counts[source] == Counter({name: expected[name] for name in counts[source]}), source
        assert reasons[source] == Counter(expected["rejected_by_reason"]), source
        assert expected["received"] == sum(expected[name] for name in ("loaded", "updated", "duplicates", "rejected"))
    assert truth["totals"]["documents"] == len(known)
    assert sum(expected["rejected"] for expected in truth["sources"].values()) >= 20
    assert truth["sources"]["storefront"]["updated"] == 24


def test_documents_lie_in_26_weeks_and_are_enough(pairs: dict, truth: dict) -> None:
    weeks = Counter(record.week for record, _ in pairs.values())
    assert sorted(weeks) == truth["weeks"] == [f"2026-W{number}" for number in range(19, 45)]
    assert all(record.week == row["week"] for record, row in pairs.values())
    flags = [row.get("flags", {}) for _, row in pairs.values()]
    assert sum(not {"spam", "duplicate_of"} & flag.keys() for flag in flags) == truth["totals"]["usable"] >= 10_200
    assert Counter(row["language"] for _, row in pairs.values()) == truth["totals"]["languages"]
    assert len({record.text for record, _ in pairs.values()}) == truth["totals"]["distinct_texts"] >= 9_000


def test_every_brand_has_enough_reviews_each_week(usable: list, truth: dict) -> None:
    for brand in truth["weekly"]["2026-W19"]:
        counts = _per_week(usable, truth["weeks"], brand, _is_negative)
        assert counts == [
            (truth["weekly"][week][brand]["n"], truth["weekly"][week][brand]["negative"]) for week in truth["weeks"]
        ]
        assert all((60 if brand == "Northwind" else 30) <= n <= 130 for n, _ in counts), brand


def test_long_texts_are_distinct_but_for_planted_copies(usable: list) -> None:
    texts = Counter(_letters(record.text) for record, _ in usable)
    repeated = {text for text, count in texts.items() if count > 1}
    assert all(len(text) < 24 for text in repeated)
    # No sentence pattern carries the sample: the most frequent 20 opening letters begin few reviews.
    starts = Counter(text[:20] for text in texts if text.isascii())
    assert starts.most_common(1)[0][1] < 0.015 * len(texts)


def test_texts_hold_no_remains_of_the_grammar(pairs: dict) -> None:
    wrong = re.compile(
        r"[{}|<>\ue000-\ue002]|  |\b(?:a|A) (?:espresso|app|hour|e-mail|old|Aria)\b|\ban (?:machine|Duetto)\b"
    )
    left = [record.text for record, row in pairs.values() if wrong.search(record.text + record.title)]
    assert left == []
    for record, row in pairs.values():
        if row["language"] == "zh":
            assert not re.search(r"[，。！？、]{2}|，$", record.text.replace("。。。", "").replace("！！", "")), (
                record.text
            )


def test_lengths_go_from_two_words_to_paragraphs(usable: list) -> None:
    lengths = sorted(len(record.text.split()) for record, row in usable if row["language"] == "en")
    assert lengths[len(lengths) // 50] <= 3
    assert 12 <= lengths[len(lengths) // 2] <= 35
    assert lengths[-len(lengths) // 50] >= 55


def test_stars_mostly_agree_with_the_text(usable: list, truth: dict) -> None:
    clear = [(record, row) for record, row in usable if row["sentiment"] in ("positive", "negative")]
    agree = sum(record.rating >= 4 if row["sentiment"] == "positive" else record.rating <= 2 for record, row in clear)
    assert agree / len(clear) == pytest.approx(truth["totals"]["stars_agree_with_text"], abs=1e-3)
    assert 0.92 <= agree / len(clear) <= 0.94


def test_mention_spans_are_exact_and_complete(pairs: dict, planted: dict) -> None:
    winds = set(planted["not_brand_mentions"])
    pattern = re.compile("|".join(sorted((name for names in NAMES.values() for name in names), key=len, reverse=True)))
    seen: Counter[str] = Counter()
    for key, (record, row) in pairs.items():
        for start, end, brand, surface in row.get("mentions", []):
            assert record.text[start:end] == surface, key
            assert surface.lower() in NAMES[brand], key
            seen[brand] += 1
        for start, end, _, surface in row.get("title_mentions", []):
            assert record.title[start:end] == surface, key
        if row.get("flags", {}).get("spam"):
            continue
        found = [match.span() for match in pattern.finditer(record.text.lower())]
        if key in winds:
            assert any(record.text[start:end] == "北风" for start, end in found), key
            found = [span for span in found if record.text[slice(*span)] != "北风"]
        assert found == [(start, end) for start, end, *_ in row.get("mentions", [])], key
    assert all(seen[brand] >= 150 for brand in NAMES), seen
    assert len(winds) == 12


def test_complaint_surges_in_one_week_only(usable: list, truth: dict, planted: dict) -> None:
    surge = planted["complaint_surge"]
    weeks, at = truth["weeks"], truth["weeks"].index(surge["week"])
    for test in (_is_negative, _has_few_stars):
        counts = _per_week(usable, weeks, surge["brand"], test)
        n, k = counts[at]
        assert n >= 40
        assert k / n - _share(counts[at - 8 : at]) >= 0.30
        assert k / n - _share(counts[at + 1 :]) >= 0.25
    about = [
        (record, row)
        for record, row in usable
        if record.brand == surge["brand"]
        and record.week == surge["week"]
        and re.search("seal|gasket|密封圈", record.text)
    ]
    assert len(about) >= len(surge["documents"]) * 0.95 >= 25
    assert {row["language"] for _, row in about} == {"en", "zh"}
    early = [
        record
        for record, row in usable
        if record.week < surge["week"]
        and row["sentiment"] == "negative"
        and re.search("new seal|新密封圈", record.text)
    ]
    assert not early


def test_drift_is_one_point_a_week(usable: list, truth: dict, planted: dict) -> None:
    drift = planted["slow_drift"]
    weeks = truth["weeks"][truth["weeks"].index(drift["first_week"]) :]
    assert len(weeks) == 12

    def slope(test) -> float:
        shares = [k / n for n, k in _per_week(usable, weeks, drift["brand"], test)]
        middle = (len(shares) - 1) / 2
        return sum((i - middle) * share for i, share in enumerate(shares)) / sum(
            (i - middle) ** 2 for i in range(len(shares))
        )

    assert slope(_is_negative) * 100 == pytest.approx(1.0, abs=0.3)
    assert slope(_has_few_stars) * 100 == pytest.approx(0.93, abs=0.4)
    for brand in ("Bellacrema", "Kaffelund", "Moricci"):
        first, last = (_share(_per_week(usable, part, brand, _is_negative)) for part in (weeks[:4], weeks[-4:]))
        assert abs(last - first) < 0.04, brand
    app = [row for _, row in usable if row["brand"] == drift["brand"] and ["app", "negative"] in row.get("aspects", [])]
    weekly = Counter(row["week"] for row in app)
    assert sum(weekly[week] for week in weeks[-4:]) > 2 * sum(weekly[week] for week in truth["weeks"][:4])


def test_price_cut_stands_on_the_brands_pages_and_in_the_news(pairs: dict, planted: dict) -> None:
    cut = planted["price_cut"]
    assert len(cut["pages"]) == 2
    assert len(cut["news"]) == 8
    for key in cut["pages"]:
        record, row = pairs[key]
        assert record.day.isoformat() == cut["date"]
        currency = "CNY" if row["language"] == "zh" else "EUR"
        assert str(cut["old_price"][currency]) in record.text
        assert str(cut["new_price"][currency]) in record.text
        assert cut["date"] in (INBOX / record.file).read_text(encoding="utf-8")
    for key in cut["news"]:
        assert pairs[key][0].week == cut["week"]
        assert cut["product"] in pairs[key][0].text
    earlier = [
        record
        for record, _ in pairs.values()
        if re.search("649|4999", record.text) and record.day.isoformat() < cut["date"]
    ]
    assert not [record for record in earlier if record.source not in REVIEWS]


def test_newcomer_appears_late_and_more_each_week(pairs: dict, planted: dict) -> None:
    late = planted["late_competitor"]
    named = {
        key: record for key, (record, _) in pairs.items() if re.search("zestello|泽思乐", record.text, re.IGNORECASE)
    }
    # A review posted twice names it twice; the copies are listed elsewhere.
    copies = set(planted["duplicate_texts"]["pairs"])
    assert set(named) - copies == set(late["mentions"])
    weeks = Counter(record.week for record in named.values())
    assert min(weeks) == late["first_week"] == "2026-W36"
    assert weeks["2026-W44"] > 3 * weeks["2026-W36"]
    assert {pairs[key][0].source[:5] for key in late["mentions"]} >= {"press", "store", "mall", "websh"}
    for key, spans in late["mentions"].items():
        assert spans
        assert all(pairs[key][0].text[start:end] == surface for start, end, surface in spans)


def test_syndicated_story_is_the_same_text_on_many_outlets(pairs: dict, planted: dict) -> None:
    stories = planted["syndicated_story"]
    for story, size in (("leipzig-en", 14), ("leipzig-zh", 6)):
        found = [pairs[key][0] for key in stories["stories"][story]]
        assert len(found) == size
        assert {record.week for record in found} == {stories["week"]}
        assert len({record.text[-200:] for record in found}) == 1


def test_events_of_the_press_are_the_planned_ones(pairs: dict, planted: dict) -> None:
    events = planted["news_events"]
    assert {name: len(ids) for name, ids in events["stories"].items()} == {
        "leipzig-en": 14, "leipzig-zh": 6, "price-cut-en": 5, "price-cut-zh": 3,
    }  # fmt: skip
    for name, ids in events["stories"].items():
        assert {key.split("/")[0] for key in ids} == {f"press_{name[-2:]}"}
        assert len({pairs[key][0].week for key in ids}) == 1
    assert set(events["unclear"]) == {key for key in planted["late_competitor"]["mentions"] if key.startswith("press_")}


def test_spam_is_what_it_says(pairs: dict, planted: dict) -> None:
    spam = planted["spam"]
    signs = {
        "link": r"https?://|www\.",
        "telegram": r"elegram|t\.me/",
        "wechat": r"微信|V：|公众号|VX",
        "stuffing": "(?:machine.*){3}",
    }
    for kind, sign in signs.items():
        assert len(spam[kind]) >= 8
        assert all(re.search(sign, pairs[key][0].text) for key in spam[kind]), kind
    essay = [pairs[key][0] for key in spam["essay"]]
    assert len({record.text for record in essay}) == 1
    assert {record.brand for record in essay} == set(NAMES) - {"Zestello"}


def test_personal_data_is_valid_and_exactly_placed(pairs: dict, planted: dict) -> None:
    kinds: Counter[str] = Counter()
    for key, spans in planted["personal_data"].items():
        for start, end, kind, surface in spans:
            assert pairs[key][0].text[start:end] == surface, key
            assert CHECKS[kind](surface), (kind, surface)
            kinds[kind] += 1
    assert kinds == {"email": 15, "phone": 30, "card": 14, "identity_card": 7}
    for key in planted["not_personal_data"]:
        for digits in re.findall(r"\d[\d-]{8,}\d", pairs[key][0].text):
            assert not any(check(digits) for check in (CHECKS["card"], CHECKS["identity_card"])), digits


def _luhn(text: str) -> bool:
    digits = [int(char) for char in text if char.isdigit()]
    doubled = [digit if index % 2 == 0 else sum(divmod(2 * digit, 10)) for index, digit in enumerate(reversed(digits))]
    return 13 <= len(digits) <= 19 and sum(doubled) % 10 == 0


def _is_identity_card(text: str) -> bool:
    if not re.fullmatch(r"\d{17}[\dX]", text):
        return False
    weights = [2 ** (17 - index) % 11 for index in range(17)]
    total = sum(int(char) * weight for char, weight in zip(text, weights, strict=False))
    return (12 - total % 11) % 11 == (10 if text[-1] == "X" else int(text[-1]))


CHECKS = {
    "email": lambda text: re.fullmatch(r"[\w.-]+@(?:mail\.)?example\.(?:com|org|net)", text),
    "phone": lambda text: re.fullmatch(
        r"(?:\+86 )?138[ -]?0013[ -]?8\d{3}|020 7946 0\d{3}|(?:\+44 7|07)700 900\d{3}|\+49 30 23125 \d{3}"
        r"|030 23125\d{3}|\(212\) 555-01\d\d|\+1 415-555-01\d\d", text
    ),
    "card": _luhn,
    "identity_card": _is_identity_card,
}  # fmt: skip


def test_one_source_stops_for_a_week(records: list[Found], truth: dict, planted: dict) -> None:
    gap = planted["source_gap"]
    good = [record for record in records if record.source == gap["source"] and not record.problem]
    weeks = Counter(record.week for record in good)
    assert weeks[gap["week"]] == 0
    assert min(weeks[week] for week in truth["weeks"] if week != gap["week"]) > 110


def test_quiet_weeks_vary_no_more_than_chance(usable: list, truth: dict, planted: dict) -> None:
    quiet = planted["quiet_weeks"]["weeks"]
    assert len(planted["quiet_weeks"]["with_full_baseline"]) >= 6
    tests = {
        "negative": _is_negative,
        "few stars": _has_few_stars,
        "named": lambda record, row: bool(row.get("mentions")),
        "chinese": lambda record, row: row["language"] == "zh",
        "short": lambda record, row: len(record.text) < 30,
    }
    for brand in truth["weekly"]["2026-W19"]:
        for name, test in tests.items():
            counts = _per_week(usable, quiet, brand, test)
            share = _share(counts)
            chi_square = sum((k - n * share) ** 2 / (n * share * (1 - share)) for n, k in counts)
            assert chi_square / (len(quiet) - 1) < (1.0 if name == "negative" else 1.9), (brand, name)
        sizes = [n for n, _ in _per_week(usable, quiet, brand, _is_negative)]
        assert max(sizes) / min(sizes) < 1.2, brand


def test_aspects_keep_their_shares_in_quiet_weeks(usable: list, planted: dict) -> None:
    quiet = planted["quiet_weeks"]["weeks"]
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    totals: Counter[str] = Counter()
    for record, row in usable:
        for aspect, _ in row.get("aspects", []):
            counts[aspect][record.week] += 1
            totals[record.week] += 1
    everything = sum(totals[week] for week in quiet)
    for aspect, weekly in counts.items():
        share = sum(weekly[week] for week in quiet) / everything
        chi_square = sum((weekly[w] - totals[w] * share) ** 2 / (totals[w] * share) for w in quiet)
        assert chi_square / (len(quiet) - 1) < 1.5, aspect


def test_copies_repeat_their_originals(pairs: dict, truth: dict, planted: dict) -> None:
    copies = planted["duplicate_texts"]
    assert len(copies["pairs"]) == copies["copies"] == 8 * len(truth["weeks"])
    for key, original in copies["pairs"].items():
        record = pairs[key][0]
        source = pairs[f"{record.source}/{original}"][0]
        assert (record.text, record.title, record.brand, record.week) == (
            source.text,
            source.title,
            source.brand,
            source.week,
        )


def test_broken_encodings_can_be_undone(pairs: dict, planted: dict) -> None:
    assert len(planted["mojibake"]) == 16
    for key, right in planted["mojibake"].items():
        assert pairs[key][0].text.encode("cp1252").decode("utf-8") == right


def test_other_languages_are_few_and_spread(pairs: dict, planted: dict) -> None:
    found = [pairs[key][0] for key in planted["other_languages"]]
    assert len(found) == 26
    assert len({record.week for record in found}) >= 24


def test_random_documents_use_many_different_sentences(usable: list) -> None:
    texts = [record.text for record, row in usable if row["language"] == "en"]
    for seed in range(20):
        sentences = [
            _letters(part) for text in random.Random(seed).sample(texts, 50) for part in re.split(r"[.!?\n]+ ?", text)
        ]
        long = [sentence for sentence in sentences if len(sentence) > 25]
        assert len(set(long)) >= 0.93 * len(long)
