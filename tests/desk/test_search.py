"""One search over everything a person may see."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from types import SimpleNamespace

import pytest
from flask.testing import FlaskClient

from pop_campaigns.accounts.models import User
from pop_campaigns.contacts.models.addresses import Address
from pop_campaigns.contacts.rules import PersonKind
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.events.rules.visibility import EventVisibility
from pop_campaigns.letters.models import LetterResponse
from pop_campaigns.letters.rules.letters import ResponseKind
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.mail.outbox import add_skeleton, record_refused
from tests import factories
from tests.desk.conftest import sent_letter

pytestmark = pytest.mark.both_databases

Browser = Callable[[User], FlaskClient]


def found(browser: FlaskClient, typed: str) -> str:
    answer = browser.get("/search", query_string={"q": typed})
    assert answer.status_code == 200
    return answer.text.split("</header>", 1)[1]


def test_everything_by_folded_words(people: SimpleNamespace, sign_in: Browser) -> None:
    event = factories.make_event(people.fier, title_sq="Çështja e lumit në Tiranë", title_en="")
    institution = factories.make_institution("Bashkia Tiranë")
    person = factories.make_person("Titullar Tirançi")
    letter = sent_letter(people.arta, due_in=9, subject="Kërkesë për Tiranën")
    db.session.commit()
    page = found(sign_in(people.arta), "TIRANE")
    for address in (
        f"/events/{event.id}",
        f"/people/institutions/{institution.id}",
        f"/letters/{letter.id}",
    ):
        assert f'href="{address}"' in page
    assert f'href="/people/persons/{person.id}"' in found(sign_in(people.arta), "titullar tiranci")
    assert f'href="/events/{event.id}"' in found(sign_in(people.arta), "ceshtja")


def test_signs_are_found_however_they_are_typed(people: SimpleNamespace, sign_in: Browser) -> None:
    event = factories.make_event(people.fier, title_sq="Përballje prove “Ujë & rrugë”", title_en="")
    angelo, vau = factories.make_person("Blerina D’Angelo"), factories.make_person("Zef Vau-Dejës")
    đorđe = factories.make_person("Đorđe Weiß")
    mail = factories.make_mail("d@prove.al", to_name="Blerina D’Angelo", organisation_id=people.fier.id)
    db.session.commit()
    browser = sign_in(people.arta)
    for typed, found_at in (
        ("D'Angelo|d’angelo|D`Angelo|d´angelo", f"/people/persons/{angelo.id}"),
        ("D'Angelo|d’angelo", f"/mail/{mail.id}"),
        ("Vau–Dejës|vau-dejes|Vau‑Dejës", f"/people/persons/{vau.id}"),
        ('"Ujë & rrugë"|“Ujë & rrugë”|„ujë & rrugë“|«uje & rruge»', f"/events/{event.id}"),
        ("dorde weiss|ĐORĐE|Weiß", f"/people/persons/{đorđe.id}"),
    ):
        for form in typed.split("|"):
            assert f'href="{found_at}"' in found(browser, form), form


def test_case_forms_find_their_base_and_stand_behind_what_was_typed(
    people: SimpleNamespace, sign_in: Browser
) -> None:
    office = factories.make_office(
        "Kryetar", factories.make_institution("Bashkia Fier"), holder="Arben Hoxha"
    )
    prefect = factories.make_office("Prefekt", factories.make_institution("Prefektura e Qarkut Vlorë"))
    ministry = factories.make_institution("Ministria e Drejtësisë")
    minister = factories.make_office("Ministër", factories.make_institution("Kabineti i provës"))
    event = factories.make_event(people.fier, title_sq="Takim me prefektin e Beratit", title_en="")
    letter = sent_letter(people.arta, due_in=9, subject="Kërkesë për ujin")
    db.session.commit()
    browser = sign_in(people.arta)
    for typed, found_at, not_at in (
        ("kryetarit të bashkisë së Fierit", office.institution, ministry),
        ("kryetares së bashkisë", office.institution, ministry),
        ("prefektëve", prefect.institution, office.institution),
        ("ministrisë së drejtësive", ministry, minister.institution),
        ("ministrit", minister.institution, ministry),
    ):
        page = found(browser, typed)
        assert f'href="/people/institutions/{found_at.id}"' in page, typed
        assert f'href="/people/institutions/{not_at.id}"' not in page, typed
    assert f'href="/events/{event.id}"' in found(browser, "prefekti beratin")
    assert f'href="/letters/{letter.id}"' in found(browser, "kërkesat ujërave")
    assert "Arben Hoxha" in found(browser, "arbenit hoxhës")
    for name in ("Aleks Metës", "Zamir Meta", "Beni Metaj"):
        factories.make_person(name)
    db.session.commit()
    for page in (found(browser, "meta"), browser.get("/people/persons?q=meta").text):
        places = [page.index(name) for name in ("Beni Metaj", "Zamir Meta", "Aleks Metës")]
        assert places == sorted(places)


@pytest.mark.parametrize(
    "typed",
    [
        "1/2026",
        "Prot. 1/2026",
        "nr. prot. 1 / 2026",
        "Nr. 1/2026 prot.",
        "1/2026 prova",
        "1234/2",
        "Ref: 1234/2",
    ],
)
def test_letters_by_their_numbers(people: SimpleNamespace, sign_in: Browser, typed: str) -> None:
    letter, other = (
        sent_letter(people.arta, due_in=9, subject=subject) for subject in ("Kërkesë e provës", "Tjetër")
    )
    letter.register_year, letter.register_count = 2026, 1
    other.register_year, other.register_count = 2026, 11
    db.session.add(LetterResponse(
        recipient=letter.recipients[0], kind=ResponseKind.FULL, their_number="Prot. 1234/2", recorded_at=now(),
    ))  # fmt: skip
    db.session.commit()
    page = found(sign_in(people.arta), typed)
    assert f'href="/letters/{letter.id}"' in page
    assert f'href="/letters/{other.id}"' not in page


def test_strangers_find_nothing(people: SimpleNamespace, client: FlaskClient, sign_in: Browser) -> None:
    event = factories.make_event(people.fier, title_sq="Fshehtësi e madhe", title_en="")
    event.visibility = EventVisibility.INTERNAL
    factories.make_institution("Fshehtësi institucioni", organisation=people.fier)
    factories.make_person("Fshehtësi Personi", organisation=people.fier)
    sent_letter(people.arta, due_in=9, subject="Fshehtësi shkrese")
    db.session.commit()
    assert found(sign_in(people.besa), "fshehtesi").count("data-row") == 4
    page = found(sign_in(people.clirim), "fshehtesi")
    assert "data-row" not in page
    assert "Nothing found" in page
    assert client.get("/search?q=fshehtesi").status_code == 302
    assert sign_in(people.arta).post("/search").status_code == 405


def test_persons_by_address_and_phone(people: SimpleNamespace, sign_in: Browser) -> None:
    person = factories.make_person(
        "Çerçiz Provë", email="C.Prova_1@Gazeta-shembull.al", organisation=people.fier
    )
    person.phone = "+355692123456"
    other = factories.make_person("Tjetri", email="tjetri@gazeta.al", organisation=people.fier)
    other.phone = "+390612345678"
    db.session.commit()
    browser = sign_in(people.arta)
    link = f'href="/people/persons/{person.id}"'
    for typed in (
        "cerciz", "rciz prov", "c.prova_1@gazeta-shembull.al", "GAZETA-SHEMBULL", "prova_1@", "cerciz shembull",
        "069 212 3456", "+355 69 212 3456", "00355692123456", "069/212-3456", "(069) 2123456", "2123456", "3456",
    ):  # fmt: skip
        text = found(browser, typed)
        assert link in text, typed
        if typed != "3456":
            assert f'href="/people/persons/{other.id}"' not in text, typed
    for typed in ("prova%1@", "069 212 3457", "cerciz tjetri", "prova_1@gazeta.al"):
        assert link not in found(browser, typed), typed
    assert "C.Prova_1@gazeta-shembull.al" in found(browser, "cerciz")
    assert link in browser.get("/people/persons", query_string={"q": "069 212 3456"}).text


def test_institutions_by_the_address_of_their_office(people: SimpleNamespace, sign_in: Browser) -> None:
    office = factories.make_office("Kryetar", email="kabineti@bashkia-prove.al")
    secret = factories.make_office(
        "Drejtor", factories.make_institution("Tjetër"), email="d@bashkia-prove.al", organisation=people.fier
    )
    secret.addresses[0].organisation_id = people.fier.id
    db.session.commit()
    assert found(sign_in(people.arta), "bashkia-prove").count('href="/people/institutions/') == 2
    text = found(sign_in(people.clirim), "bashkia-prove")
    assert f'href="/people/institutions/{office.institution_id}"' in text
    assert f'href="/people/institutions/{secret.institution_id}"' not in text


def test_mails_by_recipient_and_subject(people: SimpleNamespace, sign_in: Browser) -> None:
    mail = factories.make_mail(
        "kabineti@prove.al", to_name="Zyra e Çështjeve", organisation_id=people.fier.id
    )
    db.session.commit()
    browser = sign_in(people.arta)
    for typed in ("kabineti@prove", "ceshtjeve", "ftese kabineti"):
        text = found(browser, typed)
        assert f'href="/mail/{mail.id}"' in text, typed
        assert "kabineti@prove.al" in text
    assert f"/mail/{mail.id}" in found(sign_in(people.eva), "kabineti")
    for _number in range(12):
        factories.make_mail("shumë@prove.al", organisation_id=people.fier.id)
    db.session.commit()
    text = found(browser, "prove.al")
    assert text.count('href="/mail/') == 5
    assert "Show all 13" in text and "/mail?q=prove.al" in text


def test_mails_that_say_the_same_are_one_line(people: SimpleNamespace, sign_in: Browser) -> None:
    def sent(subject: str, number: int, kind: str = "invitation.request") -> list[OutgoingMail]:
        skeleton = add_skeleton(language="sq", subject=subject, text="", html="", now=now())
        return [
            factories.make_mail(
                f"zyra{each}@prove.al", skeleton=skeleton, kind=kind, organisation_id=people.fier.id
            )
            for each in range(number)
        ]

    invited = sent("Ftesë: Lumi Gjanica", 9) + sent("Ftesë: Lumi Gjanica", 8)
    for mail in invited[:2]:
        record_refused(mail, permanent=True, code=550, words="5.1.1 unknown", now=now())
    (alone,) = sent("Kujtesë: Lumi Gjanica", 1)
    other = sent("Ftesë: Lumi Gjanica", 2, kind="invitation.change")
    event = factories.make_event(people.fier, title_sq="Lumi Gjanica", title_en="")
    db.session.commit()
    browser = sign_in(people.arta)
    page = found(browser, "lumi Gjanicës")
    mails = page.split('id="found-mails"', 1)[1]
    assert mails.count("data-row") == 3
    assert '<span class="count">20</span>' in mails and "Show all" not in mails
    assert "17 messages · 2 did not arrive" in mails and "2 messages · " in mails
    assert f'href="/mail/{alone.id}"' in mails
    assert f'href="/events/{event.id}"' in page
    assert "21 results" in page
    of_these = f"/mail?q=lumi+Gjanic%C3%ABs&amp;like={invited[-1].id}"
    assert of_these in mails and f"like={other[-1].id}" in mails
    listed = browser.get(of_these.replace("&amp;", "&")).text
    assert "17 rows" in listed and "Ftesë: Lumi Gjanica</strong>" in listed
    assert browser.get(f"/mail?like={other[0].id}").text.count("<tr data-row") == 2
    # Of others' work nothing is told, whatever number is asked for.
    for typed in (str(alone.id), "-1", "x", "9" * 30, "٣"):
        assert "Lumi Gjanica" not in sign_in(people.clirim).get("/mail", query_string={"like": typed}).text


def test_what_finds_nothing_leads_on(people: SimpleNamespace, sign_in: Browser) -> None:
    page = found(sign_in(people.arta), "prefekti i Hënës <b>")
    assert 'href="/search?q=prefekti"' in page and "<b>" not in page
    assert 'href="/search?q=i"' not in page
    assert 'href="/people/persons/new?name=' in page
    assert 'href="/people/persons/new?name=' not in found(sign_in(people.eva), "prefekti i Hënës")
    assert "One word at a time" not in found(sign_in(people.arta), "prefekti")


def test_vlore_finds_nothing_of_fier(people: SimpleNamespace, sign_in: Browser) -> None:
    person = factories.make_person("Fshehtësi Personi", email="fshehtesi@prove.al", organisation=people.fier)
    person.phone = "+355692123456"
    # A person of the network whose address only Fier knows, and a citizen.
    shared = factories.make_person("Gazetari i rrjetit")
    db.session.add(Address(email="fshehtesi2@prove.al", person=shared, organisation_id=people.fier.id))
    citizen = factories.make_person("Qytetare Fshehtësi", organisation=people.fier)
    citizen.kind = PersonKind.CITIZEN
    factories.make_mail("fshehtesi@prove.al", to_name="Fshehtësi", organisation_id=people.fier.id)
    db.session.commit()
    ours, theirs, viewer = sign_in(people.arta), sign_in(people.clirim), sign_in(people.eva)
    for typed, hits in (("fshehtesi", 4), ("fshehtesi@prove.al", 2), ("fshehtesi2@", 1), ("069 212 3456", 1)):
        assert found(ours, typed).count("data-row") == hits, typed
        assert "data-row" not in found(theirs, typed), typed
    assert f"/people/persons/{shared.id}" in found(theirs, "gazetari i rrjetit")
    assert f"/people/persons/{citizen.id}" not in found(viewer, "fshehtesi")
    merged = factories.make_person("Kopje", email="kopje@prove.al", organisation=people.fier)
    merged.merged_into_id = person.id
    db.session.commit()
    assert "data-row" not in found(ours, "kopje@prove.al")


def test_the_way_to_it_is_on_every_page(people: SimpleNamespace, sign_in: Browser) -> None:
    for page in ("/today", "/people", "/mail", "/search"):
        rail = sign_in(people.arta).get(page).text.split("</header>", 1)[0]
        assert 'href="/search"' in rail
        assert 'aria-keyshortcuts="/ Control+K"' in rail


def test_the_first_of_each_and_a_way_to_all(people: SimpleNamespace, sign_in: Browser) -> None:
    for number in range(12):
        factories.make_event(people.fier, title_sq=f"Tryezë e provës {number}", title_en="")
    db.session.commit()
    page = found(sign_in(people.arta), "tryeze e proves")
    assert page.count("data-row") == 5
    assert "/events?q=tryeze+e+proves" in page
    assert "Show all 12" in page


@pytest.mark.parametrize("typed", ["", " ", "a", "%", "_", "\x00", "ë"])
def test_too_short_finds_nothing(people: SimpleNamespace, sign_in: Browser, typed: str) -> None:
    factories.make_event(people.fier)
    db.session.commit()
    assert "data-row" not in found(sign_in(people.arta), typed)


@pytest.mark.parametrize(
    "typed",
    ["a" * 10_240, "%%%", "__", "' OR 1=1 --", 'title:"x" NEAR/2 y*', "\ud800\udfff x", "<script>alert(1)</script>", "12/2026",
     '"', '""" AND (', "* OR *", "NEAR(a b)", "+" * 200, "0" * 200, "@@@", "9" * 200, "\\%_", "a:b^2 -c", "{}[]|"],
)  # fmt: skip
def test_hostile_words(people: SimpleNamespace, sign_in: Browser, typed: str) -> None:
    factories.make_event(people.fier)
    db.session.commit()
    query = typed.encode("utf-8", "surrogatepass")
    answer = sign_in(people.arta).get(b"/search?q=".decode() + "".join(f"%{byte:02x}" for byte in query))
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert "data-row" not in answer.text


def test_queries_do_not_grow(
    people: SimpleNamespace,
    sign_in: Browser,
    count_queries: Callable[[], AbstractContextManager[list[str]]],
) -> None:
    def fill(number: int) -> None:
        for index in range(number):
            factories.make_event(people.fier, title_sq=f"Provë {index}")
            factories.make_office(
                "Prefekt", factories.make_institution(f"Provë {index}"), holder=f"Provë {index}"
            )
            sent_letter(people.arta, due_in=9, subject=f"Provë {index}")
        db.session.commit()

    browser = sign_in(people.arta)
    fill(2)
    with count_queries() as few:
        found(browser, "prove")
    fill(7)
    with count_queries() as many:
        found(browser, "prove")
    # More than five of a kind are counted, once a kind.
    assert len(many) <= len(few) + 4, "\n".join(sorted(set(many) - set(few)))
