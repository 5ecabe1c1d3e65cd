"""Is anybody reading there: what counts as silence, whose mails count, whom to call, and what a call found out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, true

from pop_campaigns.accounts.models import User
from pop_campaigns.contacts.models.addresses import Address
from pop_campaigns.contacts.models.contact_log import LogEntry
from pop_campaigns.contacts.queries.silent import to_call, unread_among
from pop_campaigns.contacts.rules import CheckResult, LogKind, PersonKind, asks_for_call
from pop_campaigns.contacts.services.contact_log import AddressCheck, LogDraft, add_entry
from pop_campaigns.core.clock import local_date, now
from pop_campaigns.core.db import db
from pop_campaigns.invitations.models.invitations import GivenAnswer, Invitation, TimeProposal
from pop_campaigns.invitations.rules.invitations import Answer, AnswerChannel
from pop_campaigns.letters.models import LetterRecipient, LetterResponse
from pop_campaigns.mail.models import IncomingLink, OutgoingMail
from pop_campaigns.mail.outbox import record_refused, record_sent
from pop_campaigns.mail.rules import MailState, is_silent
from pop_campaigns.mail.silence import silent_among
from tests import factories
from tests.invitations.scene import counted_statements
from tests.lists.scene import make_list

SignIn = Callable[[Any], FlaskClient]
AT = "kryetari@bashkia.al"
NOW = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def ago(*days: float) -> list[datetime]:
    return [NOW - number * DAY for number in days]


@pytest.mark.parametrize(
    ("sent", "heard", "number"),
    [
        (ago(60, 30, 7), None, 3),
        (ago(59.9, 30, 7), None, 0),  # the first is too young
        (ago(60, 30, 6.9), None, 0),  # the last may still be answered
        (ago(90, 60), None, 0),
        (ago(200, 190, 180, 3), None, 3),
        (ago(200, 190, 180, 60, 30, 8), 100, 3),  # only what went after the call counts
        (ago(200, 190, 180, 60, 30), 100, 0),
        (ago(200, 190, 180, 50, 30, 8), 100, 0),
    ],
)
def test_what_is_silence(sent: list[datetime], heard: int | None, number: int) -> None:
    found = is_silent(sent, NOW, NOW - heard * DAY if heard else None)
    assert (found.number if found else 0) == number


@pytest.mark.parametrize(
    ("result", "again_on", "due"),
    [
        (None, None, True),
        (CheckResult.REACHED, None, True),  # silent again since
        (CheckResult.CHANGED, None, False),
        (CheckResult.NOBODY, None, False),
        (CheckResult.AGAIN, date(2026, 9, 2), False),
        (CheckResult.AGAIN, date(2026, 9, 1), True),
    ],
)
def test_when_a_call_is_due(result: CheckResult | None, again_on: date | None, due: bool) -> None:
    assert asks_for_call(result, again_on, date(2026, 9, 1)) is due


def send(
    *days: float, to: str = AT, about: Any = None, owner: Any = None, at: datetime | None = None
) -> None:
    """Mails that the server took so many days ago."""
    for number in days:
        moment = (at or now()) - number * DAY
        more = {"about": about} if about is not None else {}
        mail = factories.make_mail(to, now=moment, organisation_id=owner.id if owner else None, **more)
        mail.state, mail.lease_until = MailState.SENDING, moment
        db.session.flush()
        record_sent(mail, code=250, words="ok", now=moment)
    db.session.flush()


@pytest.mark.both_databases
def test_the_database_says_what_the_rule_says(app: Flask, chance: Any) -> None:
    sent = [[chance.randrange(130) for _mail in range(chance.randrange(7))] for _address in range(40)]
    heard = {f"zyra{n}@bashkia.al": NOW - chance.randrange(130) * DAY for n in range(0, 40, 3)}
    for number, days in enumerate(sent):
        send(*days, to=f"Zyra{number}@bashkia.al", at=NOW)
    expected = {}
    for number, days in enumerate(sent):
        to = f"zyra{number}@bashkia.al"
        if silence := is_silent(ago(*days), NOW, heard.get(to)):
            expected[to] = silence
    assert silent_among(None, true(), now=NOW, heard=heard) == expected
    assert silent_among(list(expected), true(), now=NOW, heard=heard) == expected


@pytest.fixture
def office(cast: SimpleNamespace) -> Any:
    """An office that was written to three times by Fier, and said nothing."""
    made = factories.make_office("Kryetar", email=AT, phone="+35534222123")
    send(90, 60, 30, owner=cast.fier)
    db.session.commit()
    return made


def is_unread(user: Any, email: str = AT) -> bool:
    db.session.flush()
    return email.lower() in unread_among([email], user, now())


@pytest.mark.both_databases
@pytest.mark.parametrize(
    "sign",
    ["answer", "proposal", "response", "mail", "linked", "bounce", "refused", "nothing", "suggested"],
)
def test_every_sign_of_life_ends_it(cast: SimpleNamespace, office: Any, sign: str) -> None:
    assert is_unread(cast.arta)
    moment = now() - 20 * DAY
    guest = Invitation(
        event=factories.make_event(cast.fier), office=office, address=AT, language="sq", state="invited", invited_at=moment,
        nonce="n" * 20, token_hash="h" * 64, reply_local="r-x", created_at=moment,
    )  # fmt: skip
    letter = factories.make_letter(cast.fier)
    recipient = LetterRecipient(
        letter=letter, role="to", position=1, office=office, language="sq", address=AT
    )
    db.session.add_all([guest, recipient])
    db.session.flush()
    send(25, owner=cast.fier, about=recipient if sign == "response" else guest)
    last = db.session.scalars(select(OutgoingMail).order_by(OutgoingMail.id.desc())).first()
    assert last is not None
    if sign == "answer":
        guest.answers.append(GivenAnswer(answer=Answer.ACCEPTED, channel=AnswerChannel.LINK, at=moment))
    elif sign == "proposal":
        db.session.add(proposal(guest, moment))
    elif sign == "response":
        db.session.add(LetterResponse(recipient=recipient, kind="partial", recorded_at=moment))
    elif sign == "mail":
        factories.make_incoming(cast.vlore, from_address=AT.upper())
    elif sign in ("linked", "suggested"):
        mail = factories.make_incoming(cast.fier, from_address="sekretaria@gmail.com")
        mail.links.append(
            IncomingLink(
                subject_type="invitations",
                subject_id=guest.id,
                how="token",
                suggested=sign == "suggested",
                at=moment,
            )
        )
    elif sign == "bounce":
        last.bounced_at, last.bounce_permanent, last.bounce_words = moment, False, "4.2.2 full"
    elif sign == "refused":
        mail = factories.make_mail(AT, organisation_id=cast.fier.id)
        mail.state, mail.lease_until = MailState.SENDING, moment
        db.session.flush()
        record_refused(mail, permanent=True, code=550, words="5.1.1 unknown", now=moment)
    assert is_unread(cast.arta) is (sign in ("nothing", "suggested"))


def proposal(guest: Invitation, moment: datetime) -> TimeProposal:
    return TimeProposal(invitation=guest, starts_at=moment + 90 * DAY, at=moment)


@pytest.mark.both_databases
def test_each_organisation_counts_its_own_mails(cast: SimpleNamespace, office: Any) -> None:
    assert is_unread(cast.arta) and is_unread(cast.drita)
    assert not is_unread(cast.clirim), "of Vlorë, which sent nothing"
    assert [call.owner.id for call in to_call(cast.arta, now())] == [office.id]
    assert to_call(cast.clirim, now()) == []
    hidden = factories.make_person(
        "Qytetar 1", email="q@posta.al", kind=PersonKind.CITIZEN, organisation=cast.vlore
    )
    send(90, 60, 30, to="q@posta.al", owner=cast.fier)
    assert hidden.id and [call.address.email for call in to_call(cast.arta, now())] == [AT]


@pytest.mark.both_databases
@pytest.mark.parametrize("result", list(CheckResult))
def test_what_a_call_found_out(cast: SimpleNamespace, office: Any, result: CheckResult) -> None:
    day = local_date(now())
    check = AddressCheck(AT.upper(), result, again_on=day + 3 * DAY if result is CheckResult.AGAIN else None)
    add_entry(office, LogDraft(LogKind.CALL, day), check=check, by=cast.arta, now=now())
    assert is_unread(cast.arta) is (result is not CheckResult.REACHED)
    assert to_call(cast.arta, now()) == []
    later = now() + 4 * DAY
    due = [call.address.email for call in to_call(cast.arta, later)]
    assert due == ([AT] if result is CheckResult.AGAIN else [])
    send(-1, -5, -10, owner=cast.fier)
    assert is_unread(cast.clirim) is False
    anew = to_call(cast.arta, now() + 90 * DAY)
    if result is CheckResult.REACHED:
        assert anew[0].unread.silence.number == 3, "only mails after the call"
    elif result in (CheckResult.CHANGED, CheckResult.NOBODY):
        assert anew == []


@pytest.mark.parametrize("lang", ["sq", "en"])
def test_today_the_records_and_lists_say_it(
    cast: SimpleNamespace, office: Any, sign_in: SignIn, lang: str
) -> None:
    cast.arta.language = lang
    person = factories.make_person(
        "Zyrtar 2", email="z2@posta.al", kind=PersonKind.OFFICIAL, organisation=cast.fier
    )
    send(90, 60, 30, to="Z2@posta.al", owner=cast.fier)
    made = make_list("Të gjithë", cast.fier, None, office, person)
    db.session.commit()
    arta = sign_in(cast.arta)
    words = "Nothing ever came back from here" if lang == "en" else "Prej këtej nuk ka ardhur kurrë asgjë"
    for path in (
        f"/people/institutions/{office.institution_id}",
        f"/people/persons/{person.id}",
        f"/people/lists/{made.id}",
    ):
        assert words in arta.get(path).text, path
    assert ("Of these, 2 have" if lang == "en" else "Prej tyre 2 kanë") in arta.get(
        f"/people/lists/{made.id}"
    ).text
    today = arta.get("/today").text
    assert (
        "2 addresses nobody may read: call"
        if lang == "en"
        else "2 adresa që ndoshta nuk i lexon askush: telefononi"
    ) in today
    assert "034 222 123" in today
    page = arta.get("/people/checks").text
    assert 'href="tel:+35534222123"' in page and AT in page and "z2@posta.al" in page
    for other in (cast.eva, cast.clirim):
        assert "/people/checks" not in sign_in(other).get("/today").text


def path_of(email: str = AT) -> str:
    [address] = db.session.scalars(select(Address).where(Address.email == email))
    return f"/people/addresses/{address.id}/check"


def typed(**values: str) -> dict[str, str]:
    return {
        "day": local_date(now()).isoformat(),
        "with_whom": "sekretaria",
        "address": AT,
        "once": "k" * 30,
    } | values


def test_somebody_reads_there(cast: SimpleNamespace, office: Any, sign_in: SignIn) -> None:
    arta, path = sign_in(cast.arta), path_of()
    assert "034 222 123" in arta.get(path).text
    for _press in range(2):
        answer = arta.post(path, data=typed(result="reached", again_on="2026-01-01"))
        assert answer.status_code == 302 and answer.location.endswith("#contact-log")
    [entry] = db.session.scalars(select(LogEntry))
    assert (entry.checked_address, entry.result, entry.again_on) == (AT, CheckResult.REACHED, None)
    assert (entry.office_id, entry.organisation_id, entry.kind) == (office.id, cast.fier.id, LogKind.CALL)
    page = arta.get(f"/people/institutions/{office.institution_id}").text
    assert "Prej këtej nuk ka ardhur" not in page and "dikush" in page.lower()
    assert "/people/checks" not in arta.get("/today").text


@pytest.mark.parametrize("owned", [True, False])
def test_another_address_takes_its_place(
    cast: SimpleNamespace, office: Any, sign_in: SignIn, owned: bool
) -> None:
    if owned:
        office.organisation_id = cast.fier.id
        office.addresses[0].organisation_id = cast.fier.id
        db.session.commit()
    arta, path = sign_in(cast.arta), path_of()
    arta.post(path, data=typed(result="changed", new_email=" e.re@bashkia.al "))
    emails = {row.email: row.organisation_id for row in db.session.scalars(select(Address))}
    assert emails == ({} if owned else {AT: None}) | {"e.re@bashkia.al": cast.fier.id}
    arta.post(path, data=typed(result="changed", new_email="e.re@bashkia.al"))
    assert len(db.session.scalars(select(LogEntry)).all()) == 1


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"result": ""}, "result"),
        ({"result": "perhaps"}, "result"),
        ({"result": "changed", "new_email": ""}, "new_email"),
        ({"result": "changed", "new_email": "jo adresë"}, "new_email"),
        ({"result": "reached", "new_email": "tjeter@bashkia.al"}, "new_email"),
        ({"result": "again", "again_on": ""}, "again_on"),
        ({"result": "again", "again_on": "2020-01-01"}, "again_on"),
        ({"result": "again", "again_on": "nesër"}, "again_on"),
        ({"result": "nobody", "day": "2999-01-01"}, "day"),
    ],
)
def test_what_cannot_be_is_said_and_stays(
    cast: SimpleNamespace, office: Any, sign_in: SignIn, values: dict[str, str], field: str
) -> None:
    answer = sign_in(cast.arta).post(path_of(), data=typed(said="<b>Foli gjatë", **values))
    assert answer.status_code == 422
    assert f'href="#{field}' in answer.text.partition('id="error-summary"')[2].partition("</ul>")[0]
    assert "&lt;b&gt;Foli gjatë" in answer.text and "sekretaria" in answer.text
    assert db.session.scalars(select(LogEntry)).all() == []


def test_an_address_changed_meanwhile_stays(cast: SimpleNamespace, office: Any, sign_in: SignIn) -> None:
    arta, path = sign_in(cast.arta), path_of()
    office.addresses[0].email = "tashme@bashkia.al"
    db.session.commit()
    arta.post(path, data=typed(result="changed", new_email="e.re@bashkia.al"))
    [entry] = db.session.scalars(select(LogEntry))
    assert entry.checked_address == AT
    assert list(db.session.scalars(select(Address.email))) == ["tashme@bashkia.al"]


def test_strangers_find_no_form(cast: SimpleNamespace, office: Any, sign_in: SignIn) -> None:
    hidden = factories.make_person(
        "Qytetar 1", email="q@posta.al", kind=PersonKind.CITIZEN, organisation=cast.vlore
    )
    db.session.commit()
    assert hidden.id and sign_in(cast.arta).get(path_of("q@posta.al")).status_code == 404
    assert sign_in(cast.eva).get(path_of()).status_code in (403, 404)


@pytest.mark.both_databases
def test_many_silent_addresses_take_as_many_queries_as_one(cast: SimpleNamespace, office: Any) -> None:
    asked, ident, fier = [], cast.arta.id, SimpleNamespace(id=cast.fier.id)
    for number in (0, 40):
        for other in range(number):
            factories.make_office(f"Zyra {other}", email=f"zyra{other}@bashkia.al")
            send(90, 60, 30, to=f"zyra{other}@bashkia.al", owner=fier)
        db.session.commit()
        db.session.expunge_all()
        user = db.session.get_one(User, ident)
        with counted_statements() as statements:
            assert len(to_call(user, now())) == number + 1
        asked.append(len(statements))
    assert asked[0] == asked[1]
