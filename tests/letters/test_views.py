"""The pages of letters: each action works, refuses the wrong method, strangers, readers, and a second press."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import func, select

from pop_campaigns.accounts.models import User
from pop_campaigns.core.db import db
from pop_campaigns.core.files import LARGEST_FILE, StoredFile
from pop_campaigns.core.history import History
from pop_campaigns.letters.models import Letter, LetterRecipient, LetterResponse
from pop_campaigns.letters.queries.letters import lines_of
from pop_campaigns.letters.rules.letters import LetterState, RecipientRole, ResponseKind
from pop_campaigns.letters.services.clocks import settle_clocks
from pop_campaigns.letters.services.letters import fingerprint, send_letter
from pop_campaigns.letters.views.letter_parts import history_items
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.mail.outbox import record_refused, record_sent
from tests.factories import make_institution, make_letter, make_letter_recipient, make_office
from tests.opened import opened, version_on

NOVEMBER = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
Open = Callable[[User], FlaskClient]
TYPED = {
    "once": "k1",
    "subject_sq": "Ndotja e lumit Gjanica",
    "body_sq": "I nderuar zoti Ministër,",
    "basis": "information_request",
    "signed_by": "Koordinator Fier",
    "campaign": "",
}
PDF_FILE = b"%PDF-1.7\n%test\n"


@pytest.fixture
def arta(cast: SimpleNamespace, sign_in: Open) -> Iterator[FlaskClient]:
    """Fier's coordinator at her desk four days after the letters left, in English: these tests look for words."""
    cast.arta.language = "en"
    db.session.commit()
    # Days count from the letter: on the day the tests happen to run, its deadlines would have passed.
    with time_machine.travel(NOVEMBER + timedelta(days=4), tick=True):
        yield sign_in(cast.arta)


def sendable(cast: SimpleNamespace, **values: Any) -> Letter:
    letter = make_letter(cast.fier, **values)
    make_letter_recipient(letter, make_office("Ministër", make_institution("Ministria", kind="ministry")))
    db.session.commit()
    return letter


def sent(cast: SimpleNamespace, **values: Any) -> Letter:
    """A letter the mail server took on 16 November 2026."""
    letter = sendable(cast, **values)
    send_letter(letter, by=cast.arta, now=NOVEMBER)
    for mail in db.session.scalars(select(OutgoingMail)):
        if mail.sent_at is None:
            record_sent(mail, code=250, words="OK", now=NOVEMBER)
    db.session.flush()
    settle_clocks(now=NOVEMBER)
    db.session.commit()
    return letter


def seen(letter: Letter, user: User) -> str:
    return fingerprint(letter, lines_of(letter, user, datetime.now(UTC).date()))


def count(model: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def page(client: FlaskClient, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, answer.text[:2000]
    return answer.text


# New and edit


def test_a_letter_is_written_and_its_recipients_come_next(arta: FlaskClient, cast: SimpleNamespace) -> None:
    text = page(arta, "/letters/new")
    assert "10 working days" in text and "Binding by law" in text and "not binding" in text
    answer = arta.post("/letters/new", data=TYPED)
    letter = db.session.scalars(select(Letter)).one()
    assert answer.location == f"/letters/{letter.id}/recipients"
    assert (letter.organisation, letter.basis, letter.state) == (
        cast.fier,
        "information_request",
        LetterState.DRAFT,
    )
    assert arta.post("/letters/new", data=TYPED).location == answer.location
    assert count(Letter) == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"subject_sq": ""}, "Write the subject"),
        ({"body_sq": " \n "}, "Write the text"),
        ({"subject_sq": "", "subject_en": "River"}, "same language"),
        ({"subject_sq": "ë" * 301}, "At most 300 characters"),
        ({"basis": ""}, "Choose what the letter rests on"),
        ({"basis": "made_up"}, "This choice does not exist"),
        ({"campaign": "999"}, "This choice does not exist"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    arta: FlaskClient, change: dict[str, str], words: str
) -> None:
    answer = arta.post("/letters/new", data=TYPED | {"signed_as": "Drejtore “Çerçiz”"} | change)
    assert answer.status_code == 422
    assert words in answer.text
    assert "Drejtore “Çerçiz”" in answer.text
    assert count(Letter) == 0


def test_hostile_text_is_text(arta: FlaskClient, cast: SimpleNamespace) -> None:
    subject = "Ndotja\r\nBcc: x@evil.example =?utf-8?q?A=0D=0ABcc:_x?= <script>alert(1)</script>"
    body = "#panic() {note} {{ config }} <img src=x onerror=alert(1)>\n\n- \u202egnp.exe\x00"
    arta.post("/letters/new", data=TYPED | {"subject_sq": subject, "body_sq": body})
    letter = db.session.scalars(select(Letter)).one()
    make_letter_recipient(letter)
    db.session.commit()
    text = page(arta, f"/letters/{letter.id}/preview")
    assert "<script>" not in text and "<img src=x" not in text and "\u202e" not in text
    assert "{{ config }}" in text and "{note}" in text
    html = page(arta, f"/letters/{letter.id}/preview/mail?in=sq")
    assert "<img" not in html and "&lt;img src=x" in html
    words = (
        PdfReader(io.BytesIO(arta.get(f"/letters/{letter.id}/letter.pdf?in=sq").data)).pages[0].extract_text()
    )
    assert "#panic()" in words.replace("\n", "")


def test_two_people_edit_and_nothing_is_lost(arta: FlaskClient, cast: SimpleNamespace, sign_in: Open) -> None:
    letter = sendable(cast)
    path = f"/letters/{letter.id}/edit"
    typed = TYPED | opened(arta, path)
    assert sign_in(cast.besa).post(path, data=typed | {"subject_sq": "Versioni i Besës"}).status_code == 302
    answer = arta.post(path, data=typed | {"subject_sq": "Versioni i Artës"})
    assert answer.status_code == 409
    assert "Versioni i Besës" in answer.text and "Versioni i Artës" in answer.text
    db.session.expire_all()
    assert letter.subject_sq == "Versioni i Besës"
    again = TYPED | version_on(answer.text) | {"subject_sq": "Bashkë"}
    assert arta.post(path, data=again).status_code == 302
    db.session.expire_all()
    assert letter.subject_sq == "Bashkë"


def test_an_administrator_says_whose_letter_it_is(cast: SimpleNamespace, sign_in: Open) -> None:
    drita = sign_in(cast.drita)
    drita.post("/letters/new", data=TYPED | {"organisation": str(cast.vlore.id)})
    drita.post("/letters/new", data=TYPED | {"once": "k2", "organisation": "network"})
    assert [letter.organisation for letter in db.session.scalars(select(Letter).order_by(Letter.id))] == [
        cast.vlore,
        None,
    ]
    sign_in(cast.arta).post(
        "/letters/new", data=TYPED | {"organisation": str(cast.vlore.id), "state": "sent"}
    )
    newest = db.session.scalars(select(Letter).order_by(Letter.id.desc())).first()
    assert newest is not None
    assert (newest.organisation, newest.state) == (cast.fier, LetterState.DRAFT)


# Recipients


def test_recipients_are_found_added_and_changed(arta: FlaskClient, cast: SimpleNamespace) -> None:
    letter = make_letter(cast.fier)
    minister = make_office(
        "Ministër", make_institution("Ministria e Drejtësisë", kind="ministry"), holder="Çlirim Ë."
    )
    prefect = make_office("Prefekt", make_institution("Prefektura", kind="prefecture"), email=None)
    db.session.commit()
    path = f"/letters/{letter.id}/recipients"
    assert "Ministria e Drejtësisë" in page(arta, f"{path}?q=drejtesise")
    assert "Prefektura" not in page(arta, f"{path}?q=drejtesise")
    assert "Nothing found for" in page(arta, f"{path}?q=%25%25")
    arta.post(path, data={"guest": f"office-{minister.id}", "role": "to"})
    arta.post(path, data={"guest": [f"office-{prefect.id}", f"office-{minister.id}"], "role": "cc"})
    first, second = db.session.scalars(select(LetterRecipient).order_by(LetterRecipient.position))
    assert (first.office, second.office) == (minister, prefect)
    text = page(arta, path)
    assert "No address: hand over on paper" in text and "Çlirim Ë." in text
    arta.post(f"{path}/{second.id}", data={"do": "to"})
    arta.post(f"{path}/{second.id}", data={"do": "up"})
    arta.post(f"{path}/{first.id}", data={"do": "en"})
    db.session.expire_all()
    assert [recipient.office for recipient in letter.recipients] == [prefect, minister]
    assert second.role is RecipientRole.TO
    assert "no text in English yet" in page(arta, path)
    gone = f"{path}/{second.id}"
    arta.post(gone, data={"do": "remove"})
    assert arta.post(gone, data={"do": "remove"}).status_code == 404
    db.session.expire_all()
    assert [recipient.office for recipient in letter.recipients] == [minister]
    assert arta.post(f"{path}/{first.id}", data={"do": "explode"}).status_code == 400
    assert arta.post(path, data={"guest": "office-1", "role": "bcc"}).status_code == 400


# Preview and send


def test_the_preview_says_exactly_what_will_happen(arta: FlaskClient, cast: SimpleNamespace) -> None:
    letter = sendable(cast, subject_en="Pollution of the river", body_en="Dear Prefect,")
    make_letter_recipient(letter, make_office("Prefekt", email="p@prefektura.example"), "cc", language="en")
    make_letter_recipient(letter, make_office("Kryetar", email=None), "cc")
    db.session.commit()
    text = page(arta, f"/letters/{letter.id}/preview?in=sq")
    assert "3 recipients: 1 addressee, 2 copies; 2 in Albanian, 1 in English; 1 has no address." in text
    assert "Send the letter to 2 recipients" in text
    assert "[Nr. …] Ndotja e lumit Gjanica në Fier" in text
    assert "Sipas nenit 15 të ligjit nr. 119/2014" in text
    assert "Pollution of the river" in page(arta, f"/letters/{letter.id}/preview?in=en")
    framing = arta.get(f"/letters/{letter.id}/preview?in=en&view=html")
    assert "frame-src 'self'" in framing.headers["Content-Security-Policy"]
    frame = arta.get(f"/letters/{letter.id}/preview/mail?in=en")
    assert "sandbox" in frame.headers["Content-Security-Policy"]
    assert arta.get(f"/letters/{letter.id}/preview/mail?in=de").status_code == 404
    file = arta.get(f"/letters/{letter.id}/letter.pdf?in=en")
    assert (
        file.data.startswith(b"%PDF-")
        and file.headers["Content-Disposition"] == "inline; filename=Letter.pdf"
    )


def test_a_language_without_text_blocks_sending(arta: FlaskClient, cast: SimpleNamespace) -> None:
    letter = sendable(cast)
    letter.recipients[0].language = "en"
    db.session.commit()
    text = page(arta, f"/letters/{letter.id}/preview")
    assert "reads a language in which the letter is not written yet" in text
    assert "/send" not in text
    assert arta.post(f"/letters/{letter.id}/send", data={"seen": seen(letter, cast.arta)}).status_code == 422
    assert count(OutgoingMail) == 0


def test_send_sends_once_and_rings_the_bell_after(
    app: Flask, arta: FlaskClient, cast: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[int] = []
    monkeypatch.setitem(app.extensions, "wake_worker", lambda: rung.append(count(OutgoingMail)))
    letter = sendable(cast)
    data = {"seen": seen(letter, cast.arta)}
    for _press in range(2):
        assert arta.post(f"/letters/{letter.id}/send", data=data).location == f"/letters/{letter.id}"
    assert rung == [1]
    db.session.expire_all()
    assert letter.register_number == f"1/{datetime.now(UTC).astimezone().year}"
    assert "was sent already" in page(arta, f"/letters/{letter.id}")
    for path in ("edit", "recipients", "preview"):
        assert arta.get(f"/letters/{letter.id}/{path}").location == f"/letters/{letter.id}"
    assert arta.post(f"/letters/{letter.id}/edit", data=TYPED).location == f"/letters/{letter.id}"


def test_what_changed_since_the_look_is_not_sent(arta: FlaskClient, cast: SimpleNamespace) -> None:
    letter = sendable(cast)
    before = seen(letter, cast.arta)
    letter.subject_sq = "Tjetër"
    db.session.commit()
    answer = arta.post(f"/letters/{letter.id}/send", data={"seen": before})
    assert answer.status_code == 409
    assert "Look again" in answer.text and "Tjetër" in answer.text
    assert count(OutgoingMail) == 0


def test_the_file_of_a_sent_letter_is_the_one_that_went(arta: FlaskClient, cast: SimpleNamespace) -> None:
    letter = sent(cast)
    kept = db.session.scalars(select(OutgoingMail)).one().skeleton.attachments[0].content
    answer = arta.get(f"/letters/{letter.id}/letter.pdf?in=sq")
    assert answer.data == kept
    assert "Shkresa-1-2026.pdf" in answer.headers["Content-Disposition"]
    assert arta.get(f"/letters/{letter.id}/letter.pdf?in=en").status_code == 404


def test_the_paper_names_everyone_in_its_own_language(arta: FlaskClient, cast: SimpleNamespace) -> None:
    letter = sendable(cast, subject_en="Pollution", body_en="Dear Minister,")
    office = letter.recipients[0].office
    assert office is not None
    office.title_en, office.institution.name_en = "Minister", "Ministry"
    prefect = make_office("Prefekt", make_institution("Prefektura"), email=None, title_en="Prefect")
    make_letter_recipient(letter, prefect, "cc", language="en")
    db.session.commit()

    def paper(lang: str) -> str:
        return (
            page(arta, f"/letters/{letter.id}?in={lang}").partition("<article")[2].partition("</article")[0]
        )

    def printed(lang: str) -> str:
        answer = arta.get(f"/letters/{letter.id}/letter.pdf?in={lang}")
        return PdfReader(io.BytesIO(answer.data)).pages[0].extract_text()

    def check() -> None:
        # An English name that is not known is given in Albanian.
        for text in (paper("en"), printed("en")):
            assert "Minister" in text and "Ministry" in text
            assert "Prefect" in text and "Prefektura" in text
            assert "Ministër" not in text and "Prefekt," not in text
        for text in (paper("sq"), printed("sq")):
            assert "Drejtuar:" in text and "Prefektit" in text
            assert "Ministry" not in text and "Prefect" not in text
            assert "Ministrit" in text and "Ministër, Ministria" not in text

    check()
    send_letter(letter, by=cast.arta, now=NOVEMBER)
    db.session.commit()
    check()
    # Renamed since: it was not the new office that was written to, in no language.
    office.title_sq, office.title_en = "Ministër i Ri", "New Minister"
    db.session.commit()
    assert "Ministër, Ministry" in paper("en") and "New" not in paper("en")
    assert "Ministrit" in paper("sq") and " i Ri" not in paper("sq") and "të Ri" not in paper("sq")


# One letter


def test_what_one_minute_did_to_all_is_one_line(arta: FlaskClient, cast: SimpleNamespace) -> None:
    letter = sendable(cast)
    for number in range(6):
        make_letter_recipient(letter, make_office(f"Drejtor {number}", email=f"d{number}@x.example"), "to")
    send_letter(letter, by=cast.arta, now=NOVEMBER)
    for mail in db.session.scalars(select(OutgoingMail)):
        late = timedelta(days=3) if mail.to_address == "d5@x.example" else timedelta()
        record_sent(mail, code=250, words="OK", now=NOVEMBER + late)
    settle_clocks(now=NOVEMBER)
    db.session.commit()
    arrived = [item for item in history_items(letter, "sq") if "mbërriti" in item["text"]]
    # Who owes an answer on another day stays a line of its own.
    assert [one["text"].partition(":")[0] for one in arrived] == ["Drejtor 5, Bashkia Fier", "6 marrës"]
    assert arrived[0]["names"] == []
    assert arrived[1]["names"] == ["Ministër, Ministria", *(f"Drejtor {n}, Bashkia Fier" for n in range(5))]
    text = page(arta, f"/letters/{letter.id}")
    assert "<summary>6 recipients: arrived, an answer is due on" in text
    assert "<li>Drejtor 4, Bashkia Fier</li>" in text
    # An hour later it is another matter.
    for row in db.session.scalars(select(History).where(History.action == "letter.clock_started").limit(1)):
        row.at += timedelta(hours=1)
    db.session.commit()
    assert len([item for item in history_items(letter, "sq") if "mbërriti" in item["text"]]) == 3


def test_the_letter_explains_its_due_day(arta: FlaskClient, cast: SimpleNamespace) -> None:
    letter = sent(cast)
    with time_machine.travel(datetime(2026, 11, 27, 9, 0, tzinfo=UTC), tick=False):
        text = page(arta, f"/letters/{letter.id}")
    assert "3 December 2026" in text and "2 working days left" in text
    assert "Binding by law" in text and "Law 119/2014, article 15" in text
    assert "Ligji" not in text and "neni" not in text
    for words in (
        "28 November 2026",
        "29 November 2026",
        "30 November 2026",
        "1 December 2026",
        "Independence",
    ):
        assert words in text
    with time_machine.travel(datetime(2026, 12, 4, 9, 0, tzinfo=UTC), tick=False):
        assert "1 working day late" in page(arta, f"/letters/{letter.id}")
        assert "1 working day late" in page(arta, "/letters?show=overdue")


def test_a_refused_mail_says_why_in_words(arta: FlaskClient, cast: SimpleNamespace) -> None:
    letter = sendable(cast)
    send_letter(letter, by=cast.arta, now=NOVEMBER)
    record_refused(
        db.session.scalars(select(OutgoingMail)).one(),
        permanent=True,
        code=550,
        words="5.1.1 <b>no</b> such user",
        now=NOVEMBER,
    )
    db.session.commit()
    text = page(arta, f"/letters/{letter.id}")
    assert "There is no such mailbox" in text and "5.1.1 &lt;b&gt;no&lt;/b&gt; such user" in text
    assert "Record the hand-over" in text


def test_the_page_says_that_a_letter_is_on_its_way(arta: FlaskClient, cast: SimpleNamespace) -> None:
    letter = sendable(cast)
    send_letter(letter, by=cast.arta, now=NOVEMBER)
    db.session.commit()
    assert "data-waiting" in page(arta, f"/letters/{letter.id}")
    for mail in db.session.scalars(select(OutgoingMail)):
        record_sent(mail, code=250, words="OK", now=NOVEMBER)
    db.session.commit()
    assert "data-waiting" in page(arta, f"/letters/{letter.id}"), "its clock starts at any moment"
    settle_clocks(now=NOVEMBER)
    db.session.commit()
    assert "data-waiting" not in page(arta, f"/letters/{letter.id}")


def test_the_records_letter_is_never_overdue(cast: SimpleNamespace, sign_in: Open) -> None:
    cast.eva.language = "en"
    letter = make_letter(
        None,
        state=LetterState.RECORDED,
        body_sq="",
        precision="month",
        day_from=date(2020, 4, 1),
        day_to=date(2020, 4, 30),
    )
    make_letter_recipient(letter)
    for number in range(6):
        make_letter_recipient(letter, make_office(f"Zyra {number}"), "cc")
    db.session.commit()
    eva = sign_in(cast.eva)
    text = page(eva, "/letters")
    assert "Responses unknown" in text and "April 2020" in text and "6 copies" in text
    assert "late" not in re.sub(r"translate|template", "", text)
    text = page(eva, f"/letters/{letter.id}")
    assert "does not hold the text" in text and "1 prill 2020" not in text and "prill 2020" in text
    assert eva.get(f"/letters/{letter.id}/letter.pdf").status_code == 404


# Responses


def response_path(letter: Letter) -> str:
    return f"/letters/{letter.id}/recipients/{letter.recipients[0].id}/response"


def full(**values: Any) -> dict[str, Any]:
    return {
        "kind": "full",
        "received_on": "2026-11-20",
        "their_number": "77/2026",
        "summary": "Po <b>ëç</b>",
    } | values


def test_a_response_with_its_file_is_recorded_shown_and_given_back(
    arta: FlaskClient, cast: SimpleNamespace, sign_in: Open
) -> None:
    letter = sent(cast)
    path = response_path(letter)
    page(arta, path)
    for _press in range(2):
        data = full(file=(io.BytesIO(PDF_FILE), "../Përgjigjja e Ministrisë.pdf"))
        assert arta.post(path, data=data).location == f"/letters/{letter.id}"
    assert count(LetterResponse) == count(StoredFile) == 1
    text = page(arta, f"/letters/{letter.id}")
    assert "Full reply" in text and "77/2026" in text and "Po &lt;b&gt;ëç&lt;/b&gt;" in text
    letter_response = db.session.scalars(select(LetterResponse)).one()
    file = f"/letters/{letter.id}/responses/{letter_response.id}/file"
    for reader in (arta, sign_in(cast.eva)):
        answer = reader.get(file)
        assert answer.data == PDF_FILE
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Content-Disposition"].startswith("attachment;")
        assert ".." not in answer.headers["Content-Disposition"]
    assert sign_in(cast.clirim).get(file).status_code == 404
    answered = page(arta, "/letters?show=answered")
    assert f"/letters/{letter.id}" in answered and "Answered" in answered


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"<svg onload=alert(1)>", "a.svg", "this kind are not kept"),
        (b"<html>", "a.pdf", "this kind are not kept"),
        (b"", "a.pdf", "empty"),
        (PDF_FILE + b"x" * LARGEST_FILE, "a.pdf", "larger than 25 MB"),
    ],
)
def test_a_file_of_another_kind_or_size_is_refused_in_words(
    arta: FlaskClient, cast: SimpleNamespace, content: bytes, name: str, words: str
) -> None:
    letter = sent(cast)
    answer = arta.post(response_path(letter), data=full(file=(io.BytesIO(content), name)))
    assert answer.status_code == 422
    assert words in answer.text and "77/2026" in answer.text and name in answer.text
    assert count(LetterResponse) == count(StoredFile) == 0


def test_room_for_files_is_only_where_they_are_asked_for(
    app: Flask, arta: FlaskClient, client: FlaskClient, cast: SimpleNamespace
) -> None:
    letter = sent(cast)
    two_megabytes = PDF_FILE + b"x" * 2 * 1024 * 1024
    assert (
        arta.post("/letters/new", data=TYPED | {"x": (io.BytesIO(two_megabytes), "a.pdf")}).status_code == 413
    )
    assert (
        arta.post(response_path(letter), data=full(file=(io.BytesIO(two_megabytes), "a.pdf"))).status_code
        == 302
    )
    too_large = PDF_FILE + b"x" * (LARGEST_FILE + 2 * 1024 * 1024)
    assert (
        arta.post(response_path(letter), data=full(file=(io.BytesIO(too_large), "a.pdf"))).status_code == 413
    )


def test_the_check_against_forged_forms_reads_large_ones(
    app: Flask, arta: FlaskClient, cast: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    letter = sent(cast)
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    data = full(file=(io.BytesIO(PDF_FILE + b"x" * 2 * 1024 * 1024), "a.pdf"))
    assert arta.post(response_path(letter), data=data).status_code == 400
    text = page(arta, response_path(letter))
    token = text.split('name="csrf_token" value="')[-1].split('"')[0]
    data = full(file=(io.BytesIO(PDF_FILE + b"x" * 2 * 1024 * 1024), "a.pdf"), csrf_token=token)
    assert arta.post(response_path(letter), data=data).status_code == 302


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": ""}, "Choose what the office answered"),
        ({"kind": "none"}, "This choice does not exist"),
        ({"received_on": ""}, "On which day did it come?"),
        ({"received_on": "31/02/2026"}, "We cannot read this date"),
        ({"received_on": "nesër"}, "We cannot read this date"),
        ({"received_on": "2026-11-15"}, "before the letter was sent"),
        ({"received_on": "2999-01-01"}, "still to come"),
        ({"kind": "extended"}, "1 to 5"),
        ({"kind": "extended", "extended_by": "6"}, "1 to 5"),
        ({"kind": "extended", "extended_by": "ten"}, "Type a whole number"),
        ({"their_number": "9" * 81}, "At most 80 characters"),
    ],
)
def test_a_wrong_response_is_refused_with_what_was_typed(
    arta: FlaskClient, cast: SimpleNamespace, change: dict[str, str], words: str
) -> None:
    letter = sent(cast)
    with time_machine.travel(NOVEMBER + timedelta(days=10), tick=False):
        answer = arta.post(response_path(letter), data=full(summary="Kujdes ëç") | change)
    assert answer.status_code == 422
    assert words in answer.text and "Kujdes ëç" in answer.text
    assert count(LetterResponse) == 0


def test_a_wrong_record_is_corrected_and_taken_back_with_its_history(
    arta: FlaskClient, cast: SimpleNamespace
) -> None:
    letter = sent(cast)
    with time_machine.travel(NOVEMBER + timedelta(days=10), tick=False):
        arta.post(response_path(letter), data=full(file=(io.BytesIO(PDF_FILE), "a.pdf")))
        letter_response = db.session.scalars(select(LetterResponse)).one()
        path = f"/letters/{letter.id}/responses/{letter_response.id}"
        assert "77/2026" in page(arta, path)
        right = full(kind="refused", their_number="78/2026") | opened(arta, path)
        assert arta.post(path, data=right).status_code == 302
        db.session.expire_all()
        assert (letter_response.kind, letter_response.their_number) == (ResponseKind.REFUSED, "78/2026")
        assert letter_response.file is not None
        assert "clock runs again" in page(arta, f"{path}/remove")
        assert count(LetterResponse) == 1
        assert arta.post(f"{path}/remove").status_code == 302
        assert arta.post(f"{path}/remove").status_code == 404
        assert "response taken back" in page(arta, f"/letters/{letter.id}")
    assert count(LetterResponse) == 0
    told = [row.action for row in db.session.scalars(select(History).order_by(History.id))]
    assert told[-3:] == ["letter.response_recorded", "letter.response_corrected", "letter.response_removed"]


def test_an_extension_moves_the_day(arta: FlaskClient, cast: SimpleNamespace) -> None:
    letter = sent(cast)
    with time_machine.travel(NOVEMBER + timedelta(days=10), tick=False):
        arta.post(response_path(letter), data=full(kind="extended", extended_by="5"))
        text = page(arta, f"/letters/{letter.id}")
    assert "11 December 2026" in text and "Extended by 5 days." in text


def test_paper_is_handed_over_on_a_day(arta: FlaskClient, cast: SimpleNamespace) -> None:
    letter = sendable(cast)
    paper = make_letter_recipient(letter, make_office("Prefekt", email=None), "to")
    send_letter(letter, by=cast.arta, now=NOVEMBER)
    db.session.commit()
    path = f"/letters/{letter.id}/recipients/{paper.id}/hand-over"
    mailed = f"/letters/{letter.id}/recipients/{letter.recipients[0].id}/hand-over"
    with time_machine.travel(NOVEMBER + timedelta(days=10), tick=False):
        assert arta.get(mailed).status_code == 404
        assert "No mail went: hand over on paper" in page(arta, f"/letters/{letter.id}")
        for day, words in (
            ("2026-11-15", "before the letter was sent"),
            ("2026-11-27", "still to come"),
            ("", "On which day"),
        ):
            answer = arta.post(path, data={"day": day} | opened(arta, path))
            assert (answer.status_code, words in answer.text) == (422, True)
        assert arta.post(path, data={"day": "2026-11-20"} | opened(arta, path)).status_code == 302
        text = page(arta, f"/letters/{letter.id}")
    db.session.expire_all()
    assert paper.due_on == date(2026, 12, 10)
    assert "Handed over on paper" in text and "Counted from the day after the hand-over" in text


# Who may what


def every_path(letter: Letter, response: LetterResponse) -> list[tuple[str, str]]:
    base, one = f"/letters/{letter.id}", letter.recipients[0].id
    return [
        ("GET", base), ("GET", f"{base}/letter.pdf?in=sq"), ("GET", f"{base}/responses/{response.id}/file"),
        ("GET", f"{base}/edit"), ("POST", f"{base}/edit"), ("GET", f"{base}/recipients"), ("POST", f"{base}/recipients"),
        ("POST", f"{base}/recipients/{one}"), ("GET", f"{base}/preview"), ("GET", f"{base}/preview/mail?in=sq"),
        ("POST", f"{base}/send"), ("GET", f"{base}/recipients/{one}/response"), ("POST", f"{base}/recipients/{one}/response"),
        ("GET", f"{base}/responses/{response.id}"), ("POST", f"{base}/responses/{response.id}"),
        ("GET", f"{base}/responses/{response.id}/remove"), ("POST", f"{base}/responses/{response.id}/remove"),
        ("GET", f"{base}/recipients/{one}/hand-over"), ("POST", f"{base}/recipients/{one}/hand-over"),
    ]  # fmt: skip


def answered(cast: SimpleNamespace) -> tuple[Letter, LetterResponse]:
    letter = sent(cast)
    response = LetterResponse(
        recipient=letter.recipients[0],
        kind=ResponseKind.FULL,
        received_on=date(2026, 11, 20),
        recorded_at=NOVEMBER,
    )
    db.session.add(response)
    db.session.commit()
    return letter, response


def test_strangers_and_other_organisations_find_nothing(
    client: FlaskClient, cast: SimpleNamespace, sign_in: Open
) -> None:
    letter, response = answered(cast)
    before = count(History)
    clirim = sign_in(cast.clirim)
    for method, path in [
        *every_path(letter, response),
        ("GET", "/letters/0"),
        ("GET", "/letters/2147483647"),
    ]:
        assert clirim.open(path, method=method).status_code == 404, (method, path)
        assert client.open(path, method=method).status_code == 302, (method, path)
        assert "/login" in client.open(path, method=method).location
    assert letter.subject_sq not in page(clirim, "/letters")
    assert count(History) == before


def test_readers_read_and_change_nothing(cast: SimpleNamespace, sign_in: Open) -> None:
    letter, response = answered(cast)
    eva, before = sign_in(cast.eva), count(History)
    statuses = {
        (method, path): eva.open(path, method=method).status_code
        for method, path in every_path(letter, response)
    }
    allowed = {path for (method, path), status in statuses.items() if status == 200}
    assert allowed == {f"/letters/{letter.id}", f"/letters/{letter.id}/letter.pdf?in=sq"}
    assert set(statuses.values()) == {200, 404}
    assert eva.get("/letters/new").status_code == 404
    assert eva.post("/letters/new", data=TYPED).status_code == 404
    assert "/letters/new" not in page(eva, "/letters")
    assert "/response" not in page(eva, f"/letters/{letter.id}").replace("responses", "")
    assert count(History) == before


def test_a_recipient_or_response_of_another_letter_is_not_taken(
    arta: FlaskClient, cast: SimpleNamespace
) -> None:
    letter, response = answered(cast)
    other = sent(cast)
    one = other.recipients[0].id
    assert arta.get(f"/letters/{letter.id}/recipients/{one}/response").status_code == 404
    assert arta.post(f"/letters/{other.id}/responses/{response.id}/remove").status_code == 404
    assert count(LetterResponse) == 1


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/letters"), ("GET", "/letters/{id}/send"), ("POST", "/letters/{id}"), ("POST", "/letters/{id}/preview"),
     ("GET", "/letters/{id}/recipients/{one}"), ("POST", "/letters/{id}/letter.pdf"), ("DELETE", "/letters/{id}/edit")],
)  # fmt: skip
def test_the_wrong_method_is_refused(
    arta: FlaskClient, cast: SimpleNamespace, method: str, path: str
) -> None:
    letter = sendable(cast)
    path = path.format(id=letter.id, one=letter.recipients[0].id)
    assert arta.open(path, method=method).status_code == 405


# The list


def test_the_list_helps_when_it_is_empty(arta: FlaskClient) -> None:
    assert "No letters yet" in page(arta, "/letters")
    assert "No letter found" in page(arta, "/letters?q=gjanica")


@pytest.mark.parametrize(
    "query",
    [
        "page=-1",
        "page=x",
        "q=%25%25%00",
        "show=;drop",
        "campaign=abc",
        "campaign=99999999999",
        "q=" + "ë" * 5000,
    ],
)
def test_any_query_gives_a_page(arta: FlaskClient, cast: SimpleNamespace, query: str) -> None:
    sendable(cast)
    page(arta, f"/letters?{query}")


def test_the_list_comes_in_pages_of_25(arta: FlaskClient, cast: SimpleNamespace) -> None:
    for number in range(27):
        make_letter(cast.fier, subject_sq=f"Shkresa {number}")
    db.session.commit()
    assert page(arta, "/letters").count("data-row") == 25
    assert page(arta, "/letters?page=2&q=shkresa").count("data-row") == 2


def test_a_sent_letters_file_is_kept_under_no_typed_name(
    app: Flask, arta: FlaskClient, cast: SimpleNamespace
) -> None:
    letter = sent(cast)
    arta.post(response_path(letter), data=full(file=(io.BytesIO(PDF_FILE), "../../CON.pdf")))
    stored = db.session.scalars(select(StoredFile)).one()
    assert stored.path.is_relative_to(Path(app.config["DATA_DIR"]) / "files")
    assert "CON" not in str(stored.path)
