"""Address books of phones: every version, what programs write wrong, and what people mean harm with."""

from __future__ import annotations

import io

import pytest

from pop_campaigns.imports.rules.guessing import guess_mapping
from pop_campaigns.imports.rules.tables import BadFile, read_tables
from pop_campaigns.imports.rules.vcards import HEADINGS


def cards(text: str, encoding: str = "utf-8") -> list[dict[str, str]]:
    table = next(read_tables(io.BytesIO(text.replace("\n", "\r\n").encode(encoding))))
    assert table.headings.cells == HEADINGS
    return [
        {heading: cell for heading, cell in zip(HEADINGS, row.cells, strict=False) if cell}
        for row in table.rows
    ]


def card(lines: str, version: str = "3.0") -> str:
    return f"BEGIN:VCARD\nVERSION:{version}\n{lines}\nEND:VCARD\n"


@pytest.mark.parametrize(
    ("version", "lines", "right"),
    [
        (
            "3.0",
            "N:Tre;Qytetar;;;\nFN:Qytetar Tre\nORG:Bashkia Fier;Drejtoria e Ujit\nTITLE:Drejtor\n"
            "item1.EMAIL;type=INTERNET:q3@posta.example\nitem1.X-ABLabel:punë\n"
            "TEL;type=CELL;type=VOICE:069 212 3452\nTEL;type=WORK,FAX:034 222 334\n"
            "ADR;type=HOME:;;Rr. 1\\, kati 2;Fier;;9301;Shqipëri\nCATEGORIES:myContacts,ujë",
            {
                "Name": "Qytetar Tre", "E-mail": "q3@posta.example", "Phone": "069 212 3452",
                "Organization": "Bashkia Fier", "Title": "Drejtor", "Address": "Rr. 1, kati 2, Fier, 9301, Shqipëri",
                "Tags": "ujë", "Fax": "034 222 334",
            },
        ),
        (
            "4.0",
            "KIND:individual\nFN;PREF=2:Q. Katër\nFN;PREF=1:Qytetar Katër\n"
            'TEL;VALUE=uri;TYPE="voice,work":tel:+355-34-222-335;ext=12\nTEL;PREF=1;VALUE=uri;TYPE=cell:tel:+355692123453\n'
            "EMAIL;TYPE=home:q4@posta.example\nEMAIL;PREF=1:q4.punë@posta.example\nBDAY:19800101\nNOTE:një\\ndy",
            {
                "Name": "Qytetar Katër", "Phone": "+355692123453 (mobile)\n+355-34-222-335 ext. 12 (work)",
                "E-mail": "q4.punë@posta.example\nq4@posta.example", "Birthday": "19800101", "Note": "një\ndy",
            },
        ),
        (
            "2.1",
            "N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=C3=87=65=6C=61;=46=6A=6F=6C=6C=C3=AB;;;\n"
            "FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=46=6A=6F=6C=6C=C3=AB=20=\n=C3=87=65=6C=61\n"
            "TEL;CELL;PREF:069 212 3454\nTEL;WORK;FAX:034 222 336\nX-JUNK\n"
            "PHOTO;ENCODING=BASE64;JPEG:/9j/4AAQSkZJRg\n AAAQ:;AB=\n",
            {"Name": "Fjollë Çela", "Phone": "069 212 3454", "Fax": "034 222 336"},
        ),
    ],
)  # fmt: skip
def test_every_version_is_read(version: str, lines: str, right: dict[str, str]) -> None:
    assert cards(card(lines, version)) == [right]


def test_a_name_is_put_together_where_none_is_written() -> None:
    assert cards(card("N:Pesë;Qytetar;K.;Dr.;\nFN:")) == [{"Name": "Qytetar K. Pesë"}]


def test_long_lines_are_folded_anywhere() -> None:
    assert cards(card("FN:Qytet\n ar Gja\n\tshtë\nEMA\n IL:q6@posta.example")) == [
        {"Name": "Qytetar Gjashtë", "E-mail": "q6@posta.example"}
    ]


def test_groups_are_no_contacts_and_bad_lines_spoil_nothing() -> None:
    text = card("KIND:group\nFN:Këshilli\nMEMBER:urn:uuid:1", "4.0")
    text += card('FN:Qytetar Shtatë\nX-PLACE;X-ADDRESS=xx \\"M\\" 5:geo:4\n;;;:::\nTEL\nEMAIL;TYPE="x:y@z')
    text += "BEGIN:VCARD\nVERSION:3.0\nFN:I prerë"
    assert [row["Name"] for row in cards(text)] == ["Qytetar Shtatë", "I prerë"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_every_encoding_gives_the_same_letters(encoding: str) -> None:
    assert cards(card("FN:Këngë Çela"), encoding) == [{"Name": "Këngë Çela"}]


def test_what_a_card_says_is_found_by_itself_and_the_rest_is_named() -> None:
    cells = [
        "Qytetar Tetë",
        "q8@posta.example",
        "069 212 3458",
        "Bashkia Fier",
        "Kryetar",
        "Rr. 1",
        "ujë",
        "034 222 337",
    ]
    guessed = guess_mapping(HEADINGS, [[*cells, "shënim", "1980-01-01", "https://posta.example"]], set())
    assert {HEADINGS[number]: field.value for number, field in guessed.items()} == {
        "Name": "name", "E-mail": "email", "Phone": "phone", "Organization": "institution", "Title": "office",
        "Address": "post_address", "Tags": "topics",
    }  # fmt: skip


def test_a_card_within_a_card_and_endless_ones_end() -> None:
    agent = card("FN:Shef\nAGENT:\nBEGIN:VCARD\nFN:Asistent\nEND:VCARD")
    assert [row["Name"] for row in cards(agent)] == ["Shef"]
    with pytest.raises(BadFile) as refused:
        cards(card("NOTE:" + "a" * 30_000))
    assert refused.value.reason == "cell"
