"""Feeds: RSS, Atom, RDF and JSON, also ill-formed; nothing is fetched, opened or expanded."""

import os
import tarfile
from pathlib import Path

import pytest

from tasks.store.sources.feeds import read_feed
from tasks.store.sources.files import UnreadableError

SHARED = Path(os.environ.get("MARKETBRIEF_SHARED_DATA", Path(__file__).resolve().parents[2] / "../shared/data"))

RSS = """<?xml version="1.0" encoding="{encoding}"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>News</title><language>zh-CN</language>
<item><title>咖啡机降价</title><link>https://a.io/1</link><guid>g1</guid>
<description>北风咖啡 &lt;b&gt;降价&lt;/b&gt;</description>
<pubDate>Tue, 01 Jul 2025 10:00:00 +0800</pubDate><dc:creator>李四</dc:creator></item></channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en"><title>t</title>
<entry><id>urn:1</id><title>Price cut</title><link href="/a"/><published>2025-07-01T10:00:00Z</published>
<updated>2025-07-02T10:00:00Z</updated><summary>Short</summary>
<content type="html">&lt;p&gt;The long story&lt;/p&gt;</content>
<author><name>Ann</name></author></entry></feed>"""
RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="x"/><item rdf:about="https://a.io/r"><title>R</title>
<link>https://a.io/r</link><description>text</description><dc:date>2025-07-01</dc:date></item></rdf:RDF>"""


def read(data, **changes):
    data = data.encode() if isinstance(data, str) else data
    return read_feed(data, **({"uri": "feed.xml", "columns": [], "needed": []} | changes))


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
def test_rss_in_any_encoding(encoding):
    fields = read(RSS.format(encoding=encoding).encode(encoding)).records[0].fields
    assert fields["title"] == "咖啡机降价"
    assert "北风咖啡" in fields["text"]
    assert (fields["id"], fields["url"], fields["author"]) == ("g1", "https://a.io/1", "李四")
    assert fields["published_at"] == "Tue, 01 Jul 2025 10:00:00 +0800"
    assert fields["language"].lower() == "zh-cn"


def test_a_configured_encoding_wins():
    assert (
        "北风咖啡"
        in read(RSS.format(encoding="latin-1").encode("gb18030"), encoding="gb18030").records[0].fields["text"]
    )


def test_atom_takes_the_longer_text_and_the_first_publication():
    fields = read(ATOM, base_url="https://a.io/feed").records[0].fields
    assert "The long story" in fields["text"]
    assert (fields["published_at"], fields["url"]) == ("2025-07-01T10:00:00Z", "https://a.io/a")
    assert (fields["author"], fields["language"]) == ("Ann", "en")


def test_rdf():
    fields = read(RDF).records[0].fields
    assert (fields["id"], fields["text"], fields["published_at"]) == ("https://a.io/r", "text", "2025-07-01")


def test_other_plain_values_of_an_entry_can_be_mapped():
    feed = ATOM.replace("<summary>", '<im:rating xmlns:im="http://itunes.apple.com/rss">4</im:rating><summary>')
    assert read(feed, columns=["im_rating"]).records[0].fields["im_rating"] == "4"
    assert "no column 'im_ratings'" in read(feed, columns=["im_ratings"]).warnings[0]


def test_an_ill_formed_feed_gives_what_it_has():
    assert read(ATOM.replace("</entry></feed>", "<b> & ")).records[0].fields["title"] == "Price cut"


def test_an_empty_feed_is_an_empty_batch():
    assert read('<rss version="2.0"><channel><title>t</title></channel></rss>').records == []


@pytest.mark.parametrize("data", [b"", b"<html><body>Sign in</body></html>", b"hello", b"\0" * 100, b"\xff\xfe"])
def test_what_is_no_feed_is_unreadable(data):
    with pytest.raises(UnreadableError, match="not a feed"):
        read(data)


def test_a_feed_that_is_the_name_of_a_file_or_an_address_opens_nothing(tmp_path, monkeypatch):
    secret = tmp_path / "secret.xml"
    secret.write_text(ATOM)
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("a connection was made"))
    for data in (str(secret), "http://127.0.0.1:9/feed", f"file://{secret}"):
        with pytest.raises(UnreadableError):
            read(data)


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
ITEM = "<rss version='2.0'><channel><item><title>{}</title></item></channel></rss>"
BOMB = f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY l0 "ha">{LAUGHS}]>{ITEM.format("&l9;")}'
QUADRATIC = BOMB.replace('"ha"', f'"{"a" * 50_000}"').replace("&l9;", "&l0;" * 20_000)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("bomb", [BOMB, QUADRATIC], ids=["billion laughs", "quadratic"])
def test_entities_never_expand(bomb, encoding):
    batch = read(bomb.encode(encoding))
    assert sum(len(record.fields.get("title", "")) for record in batch.records) < 200_000


def test_external_entities_are_never_read(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("TOP SECRET")
    feed = f'<!DOCTYPE r [<!ENTITY x SYSTEM "file://{secret}">]>' + ITEM.format("&x;")
    assert "TOP SECRET" not in repr([record.fields for record in read(feed).records])


@pytest.mark.shared
def test_hostile_feeds():
    archive = SHARED / "hostile_feeds" / "files.tar.gz"
    if not archive.is_file():
        pytest.skip("the third-party data folder is absent")
    feeds = entries = 0
    with tarfile.open(archive) as tar:
        for member in tar:
            if member.isfile():
                try:
                    batch = read(tar.extractfile(member).read())
                except UnreadableError:
                    continue
                feeds += 1
                entries += len(batch.records)
    assert feeds > 1_000
    assert entries > 600
