"""Notes of absence: by their subjects alone, in the languages around us, and the day they name."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from pop_campaigns.mail.reading.absence_days import returns_on
from pop_campaigns.mail.reading.mails import read_mail
from pop_campaigns.mail.words.programs import is_absence
from tests.mail.own.writing import mail

WRITTEN = datetime(2026, 12, 7, 8, tzinfo=UTC)
BACK = date(2027, 1, 12)
OF_PROGRAMS = """
Out of Office AutoReply: Ftesa juaj | Out of Office: Ftesa | Out-of-office: x | OOO: Ftesa | Out of the office reply: x
Automatic reply: Ftesa | Auto-Reply: Ftesa | Auto Response: x | Automated response: x | AutoReply: Re: x
Automatic response | [zyra] Automatic reply: Ftesa | Ftesa juaj (Automatic reply) | Ftesa juaj - Automatic reply
Njoftim mungese: x | Assente: Ftesa | Отсутен
Ftesa [Auto-Reply] | Re: Ftesa: Përgjigje automatike | Absence notification: x | Përgjigje automatike: Ftesa
Pergjigje automatike | Përgjigje e automatizuar: x | Autopërgjigje: x | Mesazh automatik: x | Njoftim automatik: Ftesa
[Përgjigje automatike] Ftesa | Jashtë zyre: Ftesa | Jashte zyre deri më 12.1 | Mungesë nga zyra: x | Risposta automatica: x
Messaggio automatico: x | Fuori ufficio: x | Fuori sede | Assente dall’ufficio: x | Autorisposta: x
Automatische Antwort: x | Automatische Nachricht: x | Abwesenheitsnotiz: x | Abwesenheitsinfo: x | Außer Haus: x
Abwesend bis 12.1. | Réponse automatique : x | Absence du bureau: x | Message d’absence: x | Notification d'absence : x
Automatski odgovor: x | Odgovor Automatski: Ftesa juaj | Automatska poruka: x | Automatizirani odgovor: x
Van kancelarije: x | Izvan ureda: x | Аутоматски одговор: x | Одговор аутоматски: x | Аутоматска порука: x
Ван канцеларије: x | Автоматски одговор: x | Автоматска порака: x | [Automatyczna odpowiedź] Ftesa juaj
Odpowiedź automatyczna: x | Poza biurem: x | Nieobecność: x | Αυτόματη απάντηση: x | Εκτός γραφείου: x
Απουσία από το γραφείο: x | Răspuns automat: x | Raspuns automat: x | Absent din birou: x | Otomatik yanıt: x
Otomatik cevap: x | Ofis dışında: x | Automatisch antwoord: x | Automatisch bericht: x | Afwezigheidsmelding: x
Respuesta automática: x | Mensaje automático: x | Fuera de la oficina: x | Resposta automática: x | Автоответ: x
Автоматический ответ: x | Automatická odpověď: x | Automatikus válasz: x | Samodejni odgovor: x | Автоматичен отговор: x
Automatiskt svar: x | Automaattinen vastaus: x | AUTO: Arben Guest is out of the office (returning 12/01/2027)
AUTO: Arben Guest/Zyra is out of the office. | AUTO: Re: Ftesa | Arben Guest/Office is out of the office.
Arben Guest is out of the office until 12/01/2027 | Arben Guest is out of the office (returning 12.01)
AUTO: Arben Guest ist außer Haus (Rückkehr am 12.01.2027) | AUTO: Arben Guest est absent(e)
AUTO: Arben Guest è fuori ufficio | AUTO: Arben Guest está fuera de la oficina | AUTO: Arben Guest je odsutan
AUTO: Arben Guest jest nieobecny | AUTO: Arben Guest është jashtë zyre
"""
OF_PEOPLE = """
Re: Out of office: Ftesa | Fwd: Automatic reply: Ftesa | Përgjigje: Ftesa | Pyetje për përgjigje automatike nga sistemi
Jashtë zyrës së gjendjes civile | The director is out of the office | Our chair is out of the office.
Is she out of the office? | Kryetari është jashtë zyre | Më fal, jam vonë | Automatik apo me dorë? | Auto e re për bashkinë
Automatizimi i përgjigjeve | Odgovor na poziv | Risposta | Respuesta: Ftesa | Antwort auf Ihre Einladung
Absence of water in Fier | Mungesë uji | Mungesa e mjekut | Nieobecność radnych na sesji | Odsutnost odgovora
Afwezigheid van water | Absences | Automobile të reja | Automatic doors for the town hall | Reply to the automatic invoice
Away game | Back in the office | Leje ndërtimi
"""


def lines_of(table: str) -> list[str]:
    return [subject.strip() for line in table.strip().splitlines() for subject in line.split(" | ")]


def test_subjects_that_only_programs_write() -> None:
    assert [subject for subject in lines_of(OF_PROGRAMS) if not is_absence(subject)] == []


def test_subjects_that_people_write() -> None:
    assert [subject for subject in lines_of(OF_PEOPLE) if is_absence(subject)] == []


@pytest.mark.parametrize(
    "words",
    [
        "Jam me leje deri më datë 12.01.2027.", "deri me datë 12/01/2027", "deri me date 12-01-2027", "deri më 12 janar",
        "Deri më datën 12 Janar 2027", "deri në datën 12.1.2027", "deri më, 2027-01-12", "Kthehem më 12 janar 2027",
        "Do të kthehem në punë më datë 12.01.2027", "kthehem me 12.01", "Rikthehem në zyrë më datën 12 janar",
        "Do të jem sërish në zyrë nga data 12.01.2027", "nga data 20.12.2026 deri më datë 12.01.2027",
        "nga data 20 dhjetor 2026 deri më 12 janar 2027", "prej 20.12 deri 12.01", "Mungoj nga 3 deri më 12 janar",
        "deri të martën, më 12 janar", "deri të martën më datë 12.01.2027", "Leje vjetore: 20.12.2026 - 12.01.2027",
        "01.01.2027–12.01.2027", "12.01.2027 tarihine kadar izindeyim", "Kthimi: 12.01.2027",
        "I am out of the office and back on 12 January 2027.", "until Tuesday, January 12th, 2027",
        "until the 12th of January", "returning 12/01/2027", "I return to the office on 12 Jan",
        "from 20 December to 12 January 2027", "from 20/12/2026 through 12/01/2027", "(returning 01/13/2027)",
        "fino al 12 gennaio", "dal 20 dicembre al 12 gennaio 2027", "Rientrerò il 12/01/2027",
        "di ritorno martedì 12 gennaio", "bis zum 12. Januar 2027", "vom 20.12.2026 bis einschließlich 12.01.2027",
        "bis 12.1.", "Ich bin ab dem 12. Januar wieder da; bis 12. Januar", "wieder im Büro am 12.01.2027",
        "jusqu'au 12 janvier 2027", "du 20 décembre au 12 janvier", "de retour le mardi 12 janvier",
        "hasta el 12 de enero", "vuelvo el 12 de enero de 2027", "do 12. januara 2027.", "od 20.12. do 12.01.2027.",
        "vraćam se 12. siječnja 2027.", "до 12. јануара 2027.", "до 12 јануари 2027", "do 12 stycznia 2027",
        "wracam 12.01.2027", "έως 12 Ιανουαρίου 2027", "μέχρι τις 12/01/2027", "până pe 12 ianuarie 2027",
        "tot en met 12 januari", "terug op 12 januari 2027", "до 12 января 2027",
        "Kthehem të martën (12 janar).", "returning Tue 12/01/2027", "Θα επιστρέψω στις 12 Ιανουαρίου",
    ],
)  # fmt: skip
def test_the_day_a_note_names(words: str) -> None:
    expected = date(2027, 1, 13) if "/13/" in words else BACK
    assert returns_on(words, WRITTEN) == expected


@pytest.mark.parametrize(
    "words",
    [
        "Faleminderit.", "Tel. 042 12 01 2027", "deri më 31.02.2027", "deri më 01.12.2026", "until 1 December 2026",
        "Më 12 janar 2027 takohemi.", "deri në orën 12:30", "kati 5, zyra 12", "Vendimi nr. 12, datë 12.01.2027",
        "to 12 people", "al 12 per cento", "Rr. do 5", "au 12 rue de Rivoli", "back to 5 people in January",
        "until further notice",
    ],
)  # fmt: skip
def test_no_day_is_made_up(words: str) -> None:
    assert returns_on(words, WRITTEN) is None


def test_a_day_without_a_year_is_the_next_one() -> None:
    assert returns_on("deri më 6 dhjetor", WRITTEN) == date(2027, 12, 6)
    assert returns_on("deri më 7 dhjetor", WRITTEN) == date(2026, 12, 7)
    assert returns_on("deri më 7 dhjetor", None) is None
    assert returns_on("deri më 7 dhjetor 2026", None) == date(2026, 12, 7)


RULE = ("X-MS-Exchange-Inbox-Rules-Loop: q00421@zyra.example", "X-Auto-Response-Suppress: All")


def test_a_rule_of_exchange_answers_by_itself() -> None:
    assert read_mail(mail(*RULE, body="Jam me leje.")).kind == "auto"


@pytest.mark.parametrize(
    "headers", [RULE[:1], RULE[1:], (*RULE, "Subject: FW: Ftese"), (*RULE, "Subject: Re: Ftese"), ()]
)
def test_what_a_rule_hands_on_or_a_person_may_carry_is_a_persons(headers: tuple[str, ...]) -> None:
    report = read_mail(mail(*headers, body="Po, vij me kënaqësi."))
    assert (report.kind, report.perhaps_absent) == ("human", False)


def test_who_may_be_away_is_a_person_until_somebody_looks() -> None:
    report = read_mail(mail("Subject: Ftese", body="Jam me pushime, kthehem më 12 prill. Me respekt"))
    assert (report.kind, report.perhaps_absent, report.returns_on) == ("human", True, date(2027, 4, 12))
    replied = read_mail(mail("Subject: Re: Ftese", body="Jam me pushime, kthehem më 12 prill."))
    assert (replied.kind, replied.perhaps_absent) == ("human", False)
    long = read_mail(mail(body="Jam me pushime. " + "Po ju shkruaj për rrugën. " * 100))
    assert not long.perhaps_absent
