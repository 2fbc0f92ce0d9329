"""Reports in a real browser: pages written to a folder, and Chromium on a phone's and a desktop's screen.

Chromium is Debian's (or the one that MARKETBRIEF_CHROMIUM names), driven by Playwright. Without it these tests are
skipped, and say so.
"""

from __future__ import annotations

import os
import random
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from report_builder import make_report

from tasks.store.render import report_files

SCREENS = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1280, "height": 900}}
EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "example-report.html"
SHARED = Path(os.environ.get("MARKETBRIEF_SHARED_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
OWN_PAYLOADS = (
    "<script>document.title='hit'</script>",
    "<img src=x onerror=document.title='hit'>",
    "\"><svg onload=document.title='hit'>",
    "javascript:document.title='hit'",
    "</title></style></script><script>document.title='hit'</script>",
    "{{constructor.constructor('document.title=1')()}}",
)


@dataclass(frozen=True)
class Pages:
    """Files of rendered reports: plain and hostile in two languages, and the example in docs/."""

    root: Path

    def path(self, name: str, language: str) -> Path:
        if name == "example":
            return EXAMPLE
        return self.root / name / f"report.{language}.html"


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    root = tmp_path_factory.mktemp("pages")
    chosen = "\n".join(hostile_texts())
    reports = {
        "plain": make_report(),
        "hostile": make_report(text=chosen, name=chosen[:400], url="javascript:alert(1)"),
    }
    for name, report in reports.items():
        (root / name).mkdir()
        for file, content in report_files(report, languages=("en", "zh"), formats=("html", "email")).items():
            path = root / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    return Pages(root)


def hostile_texts() -> list[str]:
    """Payloads of our own, and a sample of the third-party lists where they are at hand."""
    found = [*OWN_PAYLOADS]
    chance = random.Random(7)
    for folder in ("hostile_xss", "hostile_blns"):
        lines = [
            line.strip()
            for path in sorted((SHARED / folder).rglob("*.txt"))
            for line in path.read_text(encoding="utf-8", errors="replace").splitlines()
            if line.strip()
        ]
        found += chance.sample(lines, min(150, len(lines)))
    return [re.sub(r"alert\(.*?\)", "document.title='hit'", text) for text in found]


@pytest.fixture(scope="session")
def chromium() -> Iterator:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: run `make browser`")
    path = os.environ.get("MARKETBRIEF_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium fonts-noto-cjk, then `make browser`")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=path,
            args=["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium):
    """Open a file: open_page(path, screen="phone", scheme="dark"); page.asked holds every address it asked for."""
    contexts = []

    def opened(path: Path, *, screen: str = "phone", scheme: str = "light", has_script: bool = True):
        context = chromium.new_context(viewport=SCREENS[screen], color_scheme=scheme, java_script_enabled=has_script)
        contexts.append(context)
        page = context.new_page()
        page.asked, page.dialogs, page.errors = [], [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("dialog", lambda dialog: (page.dialogs.append(dialog.message), dialog.dismiss()))
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.goto(path.as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
