"""New words out of replies, above all that none of them are lost."""

from __future__ import annotations

import time

import pytest

from pop_campaigns.mail.reading.reply_text import new_words


@pytest.mark.parametrize(
    "history",
    [
        "Më 3 mars 2026 në 10:12, POP <pop@rrjeti.example> shkroi:\n\n> Ftesë\n> për tryezë",
        "Më e hënë, 3 mars 2026, 10:12 POP\n<pop@rrjeti.example> ka shkruar:\n> Ftesë",
        "On Mon, Mar 3, 2026 at 10:12 AM POP <pop@rrjeti.example> wrote:\n\nFtesë pa shenja\nmbi disa rreshta",
        "-----Mesazhi origjinal-----\nNga: POP\nDërguar: e hënë\n\nFtesë",
        "-----Original Message-----\nFrom: POP\n\nFtesë",
        "________________________________\nFrom: POP <pop@rrjeti.example>\nSent: Monday\nTo: Arta\nSubject: Ftesë\n\nFtesë",
        "Nga: POP <pop@rrjeti.example>\nDërguar: e hënë, 3 mars 2026 10:12\nPër: Arta\nTema: Ftesë\n\nFtesë",
        "*From:* POP <pop@rrjeti.example>\n*Sent:* Monday\n*To:* Arta\n\nFtesë",
        "Von: POP <pop@rrjeti.example>\nGesendet: Montag\nAn: Arta\nBetreff: Ftesë\n\nFtesë",
        "> Ftesë\n> për tryezë",
        "-- \nArta Hoxha\nBashkia",
        "--\nArta Hoxha\nBashkia Fier, tel. 034 123 456",
        "-- \n1. Arta Hoxha, specialiste e parë e marrëdhënieve me publikun në bashki.",
        "--\nDiese Nachricht wurde von meinem Mobiltelefon gesendet.",
        "Nga: POP\nDërguar: e hënë, 3 mars 2026 10:12\nPër: Arta\nTema: Ftesë\n\nFtesë",
        "From: POP <pop@rrjeti.example>\nTo: Arta <arta@bashkia.example>\nSubject: Ftesë\n\nFtesë",
        "Sent from my iPhone",
    ],
)
def test_history_is_left_out(history: str) -> None:
    assert new_words(f"Po, vij me kënaqësi.\n\n{history}\n") == "Po, vij me kënaqësi."


@pytest.mark.parametrize(
    "text",
    [
        "Po",
        "Më 3 mars nuk vij dot: jam jashtë.\nShihemi herë tjetër.",
        "Data: 3.3.2026\nOra: 10:00\nVendi: salla e bashkisë",
        "Nga: zyra\nPër: ju\nvijmë dy veta",
        "Arsyet janë këto, më 2026:\nE para: koha\nE dyta: vendi",
        "From: Tirana we come by bus",
        "> vetëm kuotim",
        "---------- Forwarded message ----------\nFrom: a@b.example\nDate: 3 mars\nSubject: Ftesë\n\nTeksti",
        "On 8 May 2017 17:34, A <a@b.example> wrote:\n\ntekst pa shenja",
        "| Emri | Ora |\n| Arta | 10 |",
        "-- \nArta",
        "Do të vij. Kushtet:\n--\n1. pa media\n2. deri në orën 12",
        "Do të vij. Kushtet:\n—\n- pa media\n- deri në orën 12",
        "Do të vij.\n--\na) pa media\nb) deri në 12",
        "Do të vij.\n__\n| Emri | Ora |\n| Arta | 10 |",
        "Po.\n--\nNjë pyetje tjetër: a ka parkim pranë sallës?",
        "Po.\n--\nDuam që në tryezë të flasë edhe kryetari i këshillit bashkiak.",
        "Ju kujtoj kërkesën:\n\nNga: Bashkia Fier\nDatë: 12.01.2027\nLënda: Kërkesë për ujë\n\nPresim përgjigje.",
        "Regjistrojeni kështu:\nNga: zyra@bashkia.example\nDatë: 12.01.2027\nLënda: Kërkesë\nFaleminderit",
        "From: the municipality\nDate: 12 January 2027\nSubject: water\n\nplease file it so",
        "Bitte so ablegen:\nVon: Rathaus\nDatum: 12.01.2027\nBetreff: Wasser\nDanke",
        "Takimi:\nVendi: salla\nData: 12.01.2027\nOra: 10:00\nTema: uji\nShihemi",
        "Autobusi:\nData: 12.01.2027 10:00\nNga: Fieri\nPër: Tirana\nShihemi",
    ],
)
def test_nothing_is_lost_where_it_is_not_certain(text: str) -> None:
    assert new_words(text).split() == text.split()


def test_answers_between_quoted_lines_stay() -> None:
    text = "On 3 March 2026, POP <p@r.example> wrote:\n> Vini?\nPo.\n> Me kë?\nMe Besën."
    assert new_words(text) == "Po.\nMe Besën."


def test_words_right_above_the_history_stay() -> None:
    text = "Rreshti i parë.\nOn Tue, 2026-03-01 at 18:02 +0100, Arta wrote:\n> Ftesë"
    assert new_words(text) == "Rreshti i parë."


@pytest.mark.parametrize("text", ["", " ", "\n\n\n", "\x00\u202e"])
def test_no_words_at_all(text: str) -> None:
    assert new_words(text) == ""


@pytest.mark.parametrize("letters", ["x", "@", "<@", "a@", "a.", "<a"])
def test_a_line_without_an_end_takes_no_longer_than_it_is(letters: str) -> None:
    line, begin = letters * (50_000 // len(letters)), time.process_time()
    assert new_words(f"Po.\n{line}\n") == f"Po.\n{line}"
    assert time.process_time() - begin < 5
