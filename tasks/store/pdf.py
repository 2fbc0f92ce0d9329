"""A report's page as PDF, printed by a headless Chromium where one is installed.

The browser reaches no network and writes into a folder of its own that is deleted; the page itself forbids scripts.
The PDF's two time stamps are set to the revision's time, so that the same browser prints the same bytes again.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from tasks.errors import SourceError

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
FLAGS = (
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--no-pdf-header-footer",
)
TIMEOUT_SECONDS = 120
_STAMP = re.compile(rb"/(CreationDate|ModDate) \(D:\d{14}")


def browser() -> str:
    """Path of the browser that prints.

    Raises:
        SourceError: none is installed.
    """
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        raise SourceError(
            "There is no Chromium to print a PDF with",
            why=f"looked for {', '.join(BROWSERS)}",
            fix="install one (Debian: `apt install chromium`), or leave pdf out of --format",
        )
    return found


def print_pdf(page: str, published_at: str) -> bytes:
    """The PDF of a page.

    Args:
        page: a whole HTML page that needs no other file.
        published_at: ISO time of the revision, for the PDF's own time stamps.

    Raises:
        SourceError: no browser is installed, or it failed.
    """
    program = browser()
    with tempfile.TemporaryDirectory(prefix="marketbrief-pdf-") as folder:
        source, target = Path(folder) / "report.html", Path(folder) / "report.pdf"
        source.write_text(page, encoding="utf-8")
        as_root = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium refuses root a sandbox
        command = [program, *FLAGS, *as_root, f"--user-data-dir={folder}/profile", f"--print-to-pdf={target}"]
        try:
            subprocess.run([*command, source.as_uri()], check=True, capture_output=True, timeout=TIMEOUT_SECONDS)
        except (subprocess.SubprocessError, OSError) as error:
            raise SourceError(
                f"{program} could not print the report: {type(error).__name__}",
                fix="try it by hand, or leave pdf out of --format",
            ) from error
        if not target.is_file():
            raise SourceError(f"{program} printed nothing", fix="try it by hand, or leave pdf out of --format")
        content = target.read_bytes()
    stamp = re.sub(r"\D", "", published_at[:19]).encode()
    return _STAMP.sub(lambda match: b"/" + match[1] + b" (D:" + stamp, content)
