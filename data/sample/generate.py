"""Write the sample project's inbox and its planted truth.

    python data/sample/generate.py [--out data/sample]

Standard library only. The same script writes the same bytes every time (gzip files: the same content).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from generator.files import write_inbox  # noqa: E402  (the package lies beside this script)
from generator.news import write_news  # noqa: E402
from generator.pages import write_pages  # noqa: E402
from generator.plan import write_reviews  # noqa: E402
from generator.truth import write_truth  # noqa: E402


def main() -> None:
    """Write everything below --out."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=HERE, help="folder that gets inbox/ and truth.json")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    docs = [*write_reviews(), *write_news(), *write_pages()]
    ledger = write_inbox(docs, out / "inbox")
    write_truth(docs, ledger, out)
    print(f"wrote documents={len(docs)} sources={len(ledger)} to {out}")


if __name__ == "__main__":
    main()
