"""Files that are not what they should be: one sentence each, with the line; none of them costs time or memory."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from time import process_time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pop_campaigns.archive.document import LARGEST_FILE, RecordRefused
from pop_campaigns.archive.load import SHIPPED_RECORD
from pop_campaigns.archive.reading import read_record, slug
from pop_campaigns.archive.record import Record, When
from pop_campaigns.core.dates import DatePrecision
from pop_campaigns.events.models.events import Event
from pop_campaigns.letters.models import Letter

SMALL = """\
network: {name: {sq: Rrjeti}, email: rrjeti@pop.example}
members:
  - {municipality: Fier, name: Epoka e Re}
events:
  - kind: hearing
    title: {sq: Seancë}
    date: {from: 2020-01, to: 2020-02, precision: period}
    municipality: Fier
    attended: [{name: Enver Roshi, office: Kryetar}]
letters:
  - {case: gjanica, date: null, subject: {sq: Lumi}, to: {institution: Bashkia Fier}, cc: []}
"""


def read(folder: Path, text: str | bytes) -> Record:
    path = folder / "record.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    return read_record(path)


def refusal(folder: Path, text: str | bytes) -> str:
    with pytest.raises(RecordRefused) as refused:
        read(folder, text)
    words = str(refused.value)
    assert "\n" not in words
    return words


def event(rest: str) -> str:
    return f"events:\n  - {{kind: meeting, title: {{sq: Takim}}, {rest}}}"


def test_the_small_record_is_in_order(tmp_path: Path) -> None:
    record = read(tmp_path, SMALL)
    assert (len(record.members), len(record.events), len(record.letters)) == (1, 1, 1)
    assert record.left_out == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the file is empty"),
        ("# vetëm një shënim\n", "the file is empty"),
        ("Takim me ministrin", "line 1: a record consists of named sections"),
        ("- a\n- b", "line 1: a record consists of named sections"),
        ("weather: fine", "line 1: none of the sections of a record is here"),
        ("members:\n  - {municipality: Fier", "line 2: this is not YAML"),
        ("members:\n\t- a", "line 2: this is not YAML"),
        ("members: []\nevents: a\n---\nmore: b", "line 3: this is not YAML"),
        ("members: Fier", "line 1: members: expected a list, found a text"),
        ("members:\n  - Fier", "line 2: members[1]: expected names with values, found a text"),
        ("members:\n  - {municipality: [Fier], name: X}", "members[1].municipality: expected a text, found a list"),
        ("members:\n  - {municipality: Fier}", "line 2: members[1]: “name” is missing"),
        ("members:\n  - {municipality: Fier, name: '\u2060 '}", "line 2: members[1].name: there is no text here"),
        ("members:\n  - {municipality: Fier, name: ~}", "“name” is missing"),
        (f"members:\n  - {{municipality: Fier, name: {'x' * 201}}}", "this text has 201 characters, at most 200 fit"),
        ("members:\n  - {name: A, municipality: B}\n  - {name: a, municipality: C}", "line 3: members[2]: this stands on line 2"),
        ("members:\n  - {name: A, name: B}", "line 2: “name” stands here twice"),
        ("members:\n  - {[a]: b}", "line 2: a name must be a plain text"),
        ("members: []\nmembers: []", "line 2: “members” stands here twice"),
        ("network: {short_name: POP}", "line 1: network: “name” is missing"),
        ("network: {name: {sq: R}, email: 'a@b.al, c@d.al'}", "network.email: expected one e-mail address"),
        ("network: {name: {sq: R}, website: 'javascript:alert(1)'}", "network.website: expected an address that starts"),
        ("campaigns: [{key: POP 2020, name: {sq: X}}]", "“POP 2020” is not a key"),
        (event("date: 2020-02-30"), "line 2: events[1].date: there is no such day as 2020-02-30"),
        (event("date: 2020-00-00"), "there is no such day as 2020-00-00"),
        (event("date: 2020-13"), "there is no such day as 2020-13"),
        (event("date: 16.6.2020"), "“16.6.2020” is not a date: write 2020-06-16, 2020-06 or 2020"),
        (event("date: 2020-06-16T10:00"), "is not a date"),
        (event("date: 0020-06-16"), "is not a date"),
        (event("date: ٢٠٢٠"), "is not a date"),
        (event("date: {to: 2020-06}"), "“from” is missing"),
        (event("date: {from: 2020-06, to: 2020-05}"), "the date ends before it starts"),
        (event("date: {from: 2020-05, to: 2020-06, precision: month}"), "this is more than one month"),
        (event("date: {from: 2020-05-01, precision: moment}"), "a record dates by day, month or period"),
        (event("date: [2020-05-01]"), "events[1].date: expected names with values, found a list"),
        ("events:\n  - {kind: party, title: {sq: X}}", "line 2: events[1].kind: “party” is not one of confrontation, hearing"),
        ("events:\n  - {kind: meeting, title: X}", "events[1].title: expected names with values, found a text"),
        (event("format: telepathy"), "“telepathy” is not one of in_person, online, hybrid"),
        (event("link: //evil.example"), "expected an address that starts with https://"),
        (event("link: 'https://[evil'"), "expected an address that starts with https://"),
        (event("key: ../../etc"), "is not a key"),
        (event("commitment: {words: ''}"), "“words” is missing"),
        (event("commitment: {words: po, due: 2020-06}"), "a promise is due on a day"),
        (event("a: b}\n  - {kind: meeting, title: {sq: Takim}"), "line 3: events[2]: this stands on line 2 already"),
        ("letters:\n  - {subject: {sq: X}}", "line 2: letters[1]: “to” is missing"),
        (
            "letters:\n  - {subject: {sq: X}, to: {institution: A, office: B}, cc: [{institution: a, office: b}]}",
            "letters[1].cc[1]: this stands on line 2 already",
        ),
    ],
)  # fmt: skip
def test_a_malformed_file_is_refused_with_its_place(tmp_path: Path, text: str, words: str) -> None:
    assert words in refusal(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"members:\n  - {name: \xeb}", "line 2: the file is not written in UTF-8"),
        (SMALL.encode("utf-16"), "not written in UTF-8"),
        (b"members: []\nx: \x00", "line 2: there is a character here that YAML does not allow"),
        (b"\x7fELF\x02\x01\x01", "a character here that YAML does not allow"),
        (b"# " + b"x" * LARGEST_FILE, "the file is too large: at most 512 KiB"),
    ],
)
def test_a_file_that_is_no_text_is_refused(tmp_path: Path, text: bytes, words: str) -> None:
    assert words in refusal(tmp_path, text)


def test_a_mark_of_byte_order_is_no_fault(tmp_path: Path) -> None:
    assert read(tmp_path, b"\xef\xbb\xbf" + SMALL.encode()).members[0].name == "Epoka e Re"


BOMB = "a: &a [x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(9)
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (BOMB, "line 1: anchors and aliases"),
        ("a: *nobody", "line 1: anchors and aliases"),
        ("members: &m\n  - {<<: *m}", "anchors and aliases"),
        (
            "members: !!python/object/apply:os.system ['true']",
            "line 1: the tag tag:yaml.org,2002:python/object",
        ),
        ("members: !evil x", "line 1: the tag !evil is not taken"),
        ("members: !!binary aGVq", "the tag tag:yaml.org,2002:binary is not taken"),
        ("members: !!set {a, b}", "the tag tag:yaml.org,2002:set is not taken"),
        ("x: " + "[" * 100_000, "line 1: this is nested too deeply"),
        ("\n".join(" " * n + "a:" for n in range(500)), "line 13: this is nested too deeply"),
        ("members: [" + "x, " * 31_000 + "]", "line 1: there is too much in this file"),
    ],
)
def test_a_file_with_tricks_is_refused_at_once(tmp_path: Path, text: str, words: str) -> None:
    started = process_time()
    assert words in refusal(tmp_path, text)
    assert process_time() - started < 15


def test_a_folder_or_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordRefused, match="cannot be read: Is a directory"):
        read_record(tmp_path)
    with pytest.raises(RecordRefused, match="cannot be read: No such file"):
        read_record(tmp_path / "none.yaml")
    with pytest.raises(RecordRefused, match="cannot be read: its name is not valid"):
        read_record(tmp_path / "no\0ne.yaml")


@pytest.mark.parametrize(
    ("written", "when"),
    [
        ("null", When(DatePrecision.UNKNOWN)),
        ("2020-06-16", When(DatePrecision.DAY, date(2020, 6, 16), date(2020, 6, 16))),
        ("'2020-06-16'", When(DatePrecision.DAY, date(2020, 6, 16), date(2020, 6, 16))),
        ("2020-02", When(DatePrecision.MONTH, date(2020, 2, 1), date(2020, 2, 29))),
        ("2020", When(DatePrecision.PERIOD, date(2020, 1, 1), date(2020, 12, 31))),
        ("{from: 2020-04, precision: month}", When(DatePrecision.MONTH, date(2020, 4, 1), date(2020, 4, 30))),
        ("{from: 2020-04, to: null}", When(DatePrecision.PERIOD, date(2020, 4, 1), None)),
        ("{from: 2020-01, to: 2020-02}", When(DatePrecision.PERIOD, date(2020, 1, 1), date(2020, 2, 29))),
        ("{from: 2020-06-16}", When(DatePrecision.DAY, date(2020, 6, 16), date(2020, 6, 16))),
        (
            "{from: 2020-06-16, to: 2020-06-17, precision: day}",
            When(DatePrecision.DAY, date(2020, 6, 16), date(2020, 6, 17)),
        ),
    ],
)
def test_a_date_is_as_exact_as_it_is_written(tmp_path: Path, written: str, when: When) -> None:
    assert read(tmp_path, event(f"date: {written}")).events[0].when == when


def test_texts_are_kept_as_written_and_cleaned(tmp_path: Path) -> None:
    record = read(
        tmp_path, "members: [{municipality: Fier, name: '  Po\u202e  e  ', short_name: No, name_en: 2020}]"
    )
    member = record.members[0]
    assert (member.name, member.short_name, member.name_en) == ("Po e", "No", "2020")


def test_what_has_no_place_is_named_however_deep_it_lies(tmp_path: Path) -> None:
    text = SMALL.replace("name: Epoka e Re", "name: Epoka e Re, founded: 1999, dissolved: null")
    text = (
        text.replace("office: Kryetar", "office: Kryetar, mood: good") + "weather: [sun]\nplans: [{sq: X}]\n"
    )
    record = read(tmp_path, text)
    assert sorted(record.left_out) == ["events[1].attended[1].mood", "members[1].founded", "weather"]
    assert record.for_later == ("plans",)


def test_keys_of_the_shipped_record_fit_and_differ() -> None:
    record = read_record(SHIPPED_RECORD)
    keys = [each.key for each in record.events]
    assert len(set(keys)) == 12
    assert max(map(len, keys)) <= Event.__table__.c.key.type.length
    assert len(record.letters[0].key) <= Letter.__table__.c.key.type.length


@given(st.text(max_size=300), st.integers(9, 120))
def test_a_key_fits_and_is_plain(text: str, limit: int) -> None:
    key = slug(text, max(limit, 13))
    assert key
    assert len(key) <= max(limit, 13)
    assert set(key) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


def test_long_names_that_begin_alike_have_different_keys() -> None:
    assert slug("a" * 200 + "b") != slug("a" * 200 + "c")


@settings(max_examples=150, deadline=None)
@given(
    at=st.integers(0, len(SMALL)),
    cut=st.integers(0, 30),
    put=st.one_of(
        st.text(max_size=12), st.sampled_from([": ", "\n", "{", "}", "[", "*a", "&a", "!!x", "null", "- "])
    ),
)
@example(at=0, cut=0, put="\ud800")
def test_whatever_is_broken_in_a_file_there_is_a_record_or_one_sentence(
    tmp_path_factory: pytest.TempPathFactory, at: int, cut: int, put: str
) -> None:
    folder = tmp_path_factory.getbasetemp()
    try:
        record = read(folder, SMALL[:at] + put + SMALL[at + cut :])
    except RecordRefused as refused:
        assert "\n" not in str(refused)
    else:
        assert isinstance(record, Record)
