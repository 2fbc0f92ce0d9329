"""SQL tests are data: each file of cases/ holds documents, a query, and the rows that it must give.

Keys of a case: brands, sources, timezone, topics, batches (source, loaded, rejected), before (SQL run before the
marts), documents (see warehouse_builder; repeat = 30 makes thirty of them), steps (SQL files run after the document
marts), select (an SQL file whose rows become the table `result`), rebuild (tables), query, expect. "" stands for null.
"""

import tomllib
from pathlib import Path

import pytest
from warehouse_builder import WarehouseBuilder

from tasks.build import DOCUMENT_MARTS
from tasks.store.warehouse import sql_text

CASES = sorted((Path(__file__).parent / "cases").glob("*.toml"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_sql(path, tmp_path):
    case = tomllib.loads(path.read_text(encoding="utf-8"))
    options = {name: case[name] for name in ("brands", "sources", "timezone") if name in case}
    builder = WarehouseBuilder(tmp_path, **options)
    documents = [
        {name: None if value == "" else value for name, value in document.items() if name != "repeat"}
        for document in case["documents"]
        for _ in range(document.get("repeat", 1))
    ]
    builder.add_documents(documents)
    builder.add_topics(case.get("topics", []))
    for source, loaded, rejected in case.get("batches", []):
        builder.add_batch(source=source, loaded=loaded, rejected=rejected)
    with builder.warehouse as warehouse:
        warehouse.execute(case.get("before", ""))
        for table in DOCUMENT_MARTS:
            warehouse.rebuild(table)
        for step in case.get("steps", []):
            warehouse.run_file(step)
        if "select" in case:
            warehouse.execute(f"create temp table result as {sql_text(case['select'])}")
        for table in case.get("rebuild", []):
            warehouse.rebuild(table)
        found = warehouse.rows(case["query"])
    expected = [{name: None if value == "" else value for name, value in row.items()} for row in case["expect"]]
    assert found == expected
