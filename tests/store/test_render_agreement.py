"""The method section tells how far sentiment agrees with stars, in both languages and with references."""

import pytest
from report_builder import make_report

from tasks.core.report_model import RatingAgreement
from tasks.store.references import HtmlPlaces, markdown_places
from tasks.store.render import report_files

AGREEMENT = RatingAgreement(
    language="en", rated=1234, n=1100, k=935, value=0.85, lo=0.8276, hi=0.87, n_before=3000, value_before=0.861,
    has_dropped=False,
)  # fmt: skip


def rendered(*agreements):
    report = make_report().model_copy(update={"rating_agreement": agreements})
    files = report_files(report, languages=("en", "zh"), formats=("html", "md", "json"))
    pages = {name: content.decode() for name, content in files.items() if name.endswith((".html", ".md"))}
    return {
        name: {
            place.ref: place.text for place in (HtmlPlaces(text).places if "html" in name else markdown_places(text))
        }
        for name, text in pages.items()
    }


@pytest.mark.parametrize("form", ["html", "md"])
def test_both_languages_tell_the_figures(form):
    refs = rendered(AGREEMENT, AGREEMENT.model_copy(update={"language": "zh", "has_dropped": True}))
    english = refs[f"report.en.{form}"]
    assert english["agreement.row1.text"] == (
        "Sentiment and stars, English: of 1,234 documents of the last 4 weeks with 1–2 or 4–5 stars the model takes a"
        " side in 1,100, and in 85.0% of these (82.8% to 87.0%) it is the stars' side; in the 12 weeks before it was"
        " 86.1%, n=3,000. Stars and words disagree in some reviews, so this is no accuracy; it is watched for drops."
    )
    assert english["agreement.row2.text"].endswith("That is a drop beyond chance: look at the newest texts, at what the"
                                                " sources send, and at the models.")  # fmt: skip
    chinese = refs[f"report.zh.{form}"]
    assert "85.0%（82.8% 至 87.0%）与星级一致；此前 12 周为 86.1%，n=3,000" in chinese["agreement.row1.text"]
    assert "下降超出了抽样误差" in chinese["agreement.row2.text"]


def test_without_earlier_weeks_nothing_is_compared_and_without_stars_nothing_is_said():
    first = AGREEMENT.model_copy(update={"n_before": 0, "value_before": None})
    assert "12 weeks" not in rendered(first)["report.en.html"]["agreement.row1.text"]
    assert not any(ref.startswith("agreement") for ref in rendered()["report.en.html"])
