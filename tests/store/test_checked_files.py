"""One character changed anywhere in any file of a report is noticed, and its place is told."""

import json
import random

import pytest
from report_builder import make_report

from tasks.store.checked_files import bare, compare
from tasks.store.references import HtmlPlaces, markdown_places
from tasks.store.render import FORMATS, report_files
from tasks.store.report_json import reference_of, references, schema_text


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return report_files(make_report(), languages=("en", "zh"), formats=FORMATS)


def mutated(content: bytes, rng: random.Random) -> bytes:
    """The file with one character, a digit in half of the cases, put in another's place."""
    text = content.decode()
    digits = [i for i, letter in enumerate(text) if letter.isascii() and letter.isdigit()]
    at = rng.choice(digits) if digits and rng.random() < 0.5 else rng.randrange(len(text))
    others = "0123456789" if text[at].isdigit() else "abxyzABX 0123456789<>&\"'.,-\n万"
    return (text[:at] + rng.choice([c for c in others if c != text[at]]) + text[at + 1 :]).encode()


def test_untouched_files_pass(files):
    assert [difference for name, content in files.items() for difference in compare(name, content, content)] == []


@pytest.mark.parametrize("ending", ["html", "md", "json", "csv", "svg", "txt"])
def test_any_changed_character_is_noticed(files, ending):
    rng = random.Random(20261122)
    names = sorted(name for name in files if name.endswith(f".{ending}"))
    assert names
    for turn in range(200):
        name = names[turn % len(names)]
        changed = mutated(files[name], rng)
        found = compare(name, files[name], changed)
        assert found, (name, turn)
        assert all(difference.file == name and difference.expected != difference.found for difference in found)


def test_an_edited_value_is_told_with_its_reference_section_and_line(files):
    page = files["report.en.html"].decode()
    (place,) = [p for p in HtmlPlaces(page).places if p.ref == "fig-net.2026-W47.lo"]
    lines = page.split("\n")
    line = lines[place.line - 1]
    lines[place.line - 1] = line[: place.column] + line[place.column :].replace(place.text, "+9999", 1)
    (found,) = compare("report.en.html", page.encode(), "\n".join(lines).encode())
    assert (found.ref, found.section, found.line) == ("fig-net.2026-W47.lo", "sentiment", place.line)
    assert (found.expected, found.found) == (place.text, "+9999")
    assert str(found).startswith(f"report.en.html:{place.line} #sentiment fig-net.2026-W47.lo: expected")


def test_an_edited_word_outside_of_numbers_is_told_too(files):
    page = files["report.zh.html"].decode()
    lede = page.replace(
        '<p class="lede" data-ref="report.summary">Aurora 的', '<p class="lede" data-ref="report.summary">Aurora 之'
    )
    (found,) = compare("report.zh.html", page.encode(), lede.encode())
    assert (found.ref, found.section) == ("report.summary", "")
    body = page.replace('<html lang="zh-Hans">', '<html lang="zh-Hant">')
    (found,) = compare("report.zh.html", page.encode(), body.encode())
    assert (found.line, "Hant" in found.found) == (2, True)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_markdown_json_and_csv_tell_the_reference(files, language):
    name = f"report.{language}.md"
    text = files[name].decode()
    (place,) = [p for p in markdown_places(text) if p.ref == "kpi-volume.value"]
    lines = text.split("\n")
    lines[place.line - 1] = lines[place.line - 1].replace(place.text, place.text[:-1] + "8", 1)
    (found,) = compare(name, text.encode(), "\n".join(lines).encode())
    assert (found.ref, found.line) == ("kpi-volume.value", place.line)
    data = files["report.json"].decode()
    number = next(i for i, line in enumerate(data.split("\n"), 1) if line.strip().startswith('"received": 12'))
    (found,) = compare("report.json", data.encode(), data.replace('"received": 12', '"received": 13').encode())
    assert (found.ref, found.line) == ("fig-quality.0.received", number)
    table = files["data/fig-net.csv"].decode()
    rows = table.split("\n")
    rows[-2] = rows[-2].replace("113", "114", 1)
    (found,) = compare("data/fig-net.csv", table.encode(), "\n".join(rows).encode())
    assert (found.ref, found.line) == ("fig-net.2026-W47.n", len(rows) - 1)


def test_a_missing_file_is_a_difference(files):
    (found,) = compare("report.json", files["report.json"], None)
    assert found.found == "no file"


def test_every_number_of_the_pages_carries_a_reference(files):
    for name, content in files.items():
        assert bare(name, content) == [], name
    page = files["report.en.html"].decode().replace("</main>", "<p>7 of 9</p></main>")
    (found,) = compare("report.en.html", page.encode(), page.encode())
    assert (found.expected, found.found) == ("a reference", "7 of 9")
    text = files["report.en.md"].decode().replace("\n## ", "\n7 of 9\n## ", 1)
    assert [place.text for place in bare("report.en.md", text.encode())][:2] == ["7", "9"]


def test_references_of_html_and_markdown_name_the_same_values(files):
    for language in ("en", "zh"):
        page = HtmlPlaces(files[f"report.{language}.html"].decode()).places
        of_page = {place.ref: place.text for place in page}
        shared = 0
        for place in markdown_places(files[f"report.{language}.md"].decode()):
            if place.ref.startswith(("fig-", "kpi-")) and not place.ref.endswith((".columns", ".chart")):
                plain = place.text.replace("\\", "").replace("&lt;", "<").replace("&gt;", ">")
                assert plain == of_page[place.ref], place.ref
                shared += 1
        assert shared > 200


def test_every_value_of_the_json_has_a_reference_of_its_own_part(files):
    data = json.loads(files["report.json"])
    known = data["references"]
    assert dict(references({k: v for k, v in data.items() if k not in ("$schema", "references")})) == known
    assert reference_of("/kpis/1/estimate/value", known) == "kpi-nss.estimate.value"
    assert reference_of("/sentiment/11/net", known) == "fig-sentiment.11.net"
    assert reference_of("/project", known) == "report.project"
    quote = data["topic_cards"][0]["quotes"][0]["quote_id"]
    assert reference_of("/topic_cards/0/quotes/0/start_char", known) == f"{quote}.start_char"


def test_the_json_fits_its_schema_and_the_schema_is_the_shipped_one(files):
    jsonschema = pytest.importorskip("jsonschema")
    from tasks.config import SQL_ROOT

    shipped = (SQL_ROOT.parent / "docs" / "report.schema.json").read_text(encoding="utf-8")
    assert shipped == schema_text(), "write it again: python -m tasks.store.report_json > docs/report.schema.json"
    schema = json.loads(shipped)
    jsonschema.Draft202012Validator.check_schema(schema)
    data = json.loads(files["report.json"])
    jsonschema.validate(data, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**data, "invented": 1}, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**data, "revision": "one"}, schema)


def test_a_line_that_moves_all_references_is_told_alone(files):
    text = files["report.en.md"].decode()
    changed = text.replace("\n## ", "\nOne more line.\n## ", 1)
    (found,) = compare("report.en.md", text.encode(), changed.encode())
    assert found.found == "One more line."
    (found,) = compare("report.en.md", text.encode(), text.replace('"report.summary 2-', '"report.summary 3-').encode())
    assert found.found.startswith("[ref:")
