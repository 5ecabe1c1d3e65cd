"""What a machine filed a person can move, with what was recorded from it; what contradicts itself is suggested for both."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.history import History
from pop_campaigns.core.subject_files import SubjectFile, files_of
from pop_campaigns.incoming.queries.registers import recipients_named
from pop_campaigns.incoming.rules.their_numbers import is_one_matter, numbers_in
from pop_campaigns.incoming.services.moving import move_mail, take_back, unfile
from pop_campaigns.incoming.services.recording import record_as_answer, record_as_response
from pop_campaigns.invitations.models.invitations import GivenAnswer, Invitation
from pop_campaigns.invitations.rules.invitations import Answer, AnswerChannel
from pop_campaigns.invitations.services.answers import AnswerRefused, record_answer
from pop_campaigns.letters.models import LetterRecipient, LetterResponse
from pop_campaigns.letters.rules.letters import LetterState, ResponseKind
from pop_campaigns.letters.services.responses import HandedFile, ResponseDraft
from pop_campaigns.mail.models import IncomingMail, OutgoingMail
from pop_campaigns.mail.rules import IncomingState, Review
from tests import factories
from tests.incoming.post import receipts
from tests.incoming.scene import DOMAIN, address_of, arrive, bounce, make_scene, reply, words


@pytest.fixture
def scene(cast: SimpleNamespace) -> SimpleNamespace:
    cast.arta.language = "en"
    return make_scene(cast)


@pytest.fixture
def mail(scene: SimpleNamespace) -> IncomingMail:
    """The mayor says no in words."""
    return arrive(words("Nuk mundem.", sender=scene.mayor.address, to=address_of(scene.mayor)))


def make_recipient(cast: SimpleNamespace, number: int, **values: Any) -> LetterRecipient:
    row = factories.make_letter(
        cast.fier, state=LetterState.SENT, sent_at=now() - timedelta(days=7), register_year=2026,
        register_count=number,
    )  # fmt: skip
    address = {"address": "protokolli@ministria.example", "reply_local": "r-" + "bcdefgh"[number % 7] * 26}
    recipient = factories.make_letter_recipient(row, **(address | values))
    db.session.commit()
    return recipient


def sure(mail: IncomingMail) -> list[tuple[str, int]]:
    db.session.expire_all()
    return sorted((link.subject_type, link.subject_id) for link in mail.links if not link.suggested)


def answers() -> dict[int, Answer]:
    return {guest.id: guest.answer for guest in db.session.scalars(select(Invitation))}


@pytest.mark.both_databases
def test_an_answer_goes_along_and_what_was_said_before_counts_again(
    cast: SimpleNamespace, scene: SimpleNamespace, mail: IncomingMail
) -> None:
    mayor, prefect = scene.mayor, scene.prefect
    record_answer(mayor, Answer.ACCEPTED, channel=AnswerChannel.LINK, now=now() - timedelta(hours=1))
    record_as_answer(mail, mayor, Answer.DECLINED, note="Nuk mundem.", by=cast.arta, now=now())
    db.session.commit()
    assert answers() == {mayor.id: Answer.DECLINED, prefect.id: Answer.NEEDS_ACTION}
    assert move_mail(mail, mail.links[0].id, prefect, by=cast.arta, now=now())
    db.session.commit()
    assert answers() == {mayor.id: Answer.ACCEPTED, prefect.id: Answer.DECLINED}
    assert sure(mail) == [("invitations", prefect.id)]
    told = db.session.scalars(select(History.action).order_by(History.id)).all()
    assert "invitation.answer_taken_back" in told and "incoming.moved" in told
    back = next(link for link in mail.links if not link.suggested)
    assert move_mail(mail, back.id, mayor, by=cast.arta, now=now())
    db.session.commit()
    assert answers() == {mayor.id: Answer.DECLINED, prefect.id: Answer.NEEDS_ACTION}
    assert sure(mail) == [("invitations", mayor.id)]


def test_a_response_goes_along_with_its_files(cast: SimpleNamespace, scene: SimpleNamespace) -> None:
    first, second = make_recipient(cast, 1), make_recipient(cast, 2)
    mail = arrive(words("Po.", sender=first.address, to=f"{first.reply_local}@{DOMAIN}"))
    draft = ResponseDraft(ResponseKind.FULL, None, "1234/1", "Po.")
    file = HandedFile(b"%PDF-1.7 a reply", "pergjigje.pdf")
    beside = HandedFile(b"%PDF-1.7 a map", "harta.pdf")
    record_as_response(mail, first, draft, files=[file, beside], by=cast.arta, now=now())
    db.session.commit()
    assert move_mail(mail, mail.links[0].id, second, by=cast.arta, now=now())
    db.session.commit()
    [row] = db.session.scalars(select(LetterResponse)).all()
    assert (row.recipient_id, row.their_number, row.incoming_mail_id) == (second.id, "1234/1", mail.id)
    assert row.file.path.read_bytes() == file.content
    assert [kept.file.path.read_bytes() for kept in files_of(row)] == [beside.content]
    # To a guest only the message goes: an office's response is no answer to an invitation.
    link = next(link for link in mail.links if not link.suggested)
    assert move_mail(mail, link.id, scene.mayor, by=cast.arta, now=now())
    db.session.commit()
    assert (
        db.session.scalars(select(LetterResponse)).all()
        == db.session.scalars(select(SubjectFile)).all()
        == []
    )
    assert sure(mail) == [("invitations", scene.mayor.id)]


@pytest.mark.parametrize("undo", [unfile, take_back])
def test_taken_away_it_takes_its_answer_back(
    cast: SimpleNamespace, scene: SimpleNamespace, mail: IncomingMail, undo: Any
) -> None:
    record_as_answer(mail, scene.mayor, Answer.DECLINED, by=cast.arta, now=now())
    if undo is unfile:
        assert unfile(mail, mail.links[0].id, by=cast.arta, now=now())
    else:
        mail.links[0].how = "by_hand"
        assert take_back(mail, by=cast.arta, now=now())
    db.session.commit()
    assert set(answers().values()) == {Answer.NEEDS_ACTION}
    assert (mail.state, sure(mail)) == (IncomingState.HELD, [])
    assert db.session.scalars(select(GivenAnswer)).all() == []


def test_where_no_answer_is_taken_any_more_nothing_is_moved(
    cast: SimpleNamespace, scene: SimpleNamespace, mail: IncomingMail, sign_in: Any
) -> None:
    record_as_answer(mail, scene.mayor, Answer.DECLINED, by=cast.arta, now=now())
    other = factories.make_event(cast.fier, starts_in=timedelta(days=3))
    scene.prefect.event = other
    other.starts_at = now() - timedelta(days=9)
    other.ends_at = None
    db.session.commit()
    with pytest.raises(AnswerRefused):
        move_mail(mail, mail.links[0].id, scene.prefect, by=cast.arta, now=now())
    db.session.rollback()
    page = sign_in(cast.arta).post(
        f"/mail/in/{mail.id}/move",
        data={"link": mail.links[0].id, "place": f"invitations-{scene.prefect.id}"},
    )
    assert page.status_code == 302
    assert answers()[scene.mayor.id] is Answer.DECLINED
    assert sure(mail) == [("invitations", scene.mayor.id)]


def test_the_page_moves_files_as_well_and_moves_back(
    cast: SimpleNamespace, scene: SimpleNamespace, mail: IncomingMail, sign_in: Any
) -> None:
    arta, url = sign_in(cast.arta), f"/mail/in/{mail.id}"
    page = arta.get(f"{url}?q=prefekt").text
    assert "It belongs elsewhere" in page and "Move it here" in page
    place = {"place": f"invitations-{scene.prefect.id}"}
    arta.post(f"{url}/file-with", data=place)
    assert sure(mail) == [("invitations", scene.mayor.id), ("invitations", scene.prefect.id)]
    link = next(link.id for link in mail.links if link.subject_id == scene.mayor.id)
    arta.post(f"{url}/unfile", data={"link": link})
    assert sure(mail) == [("invitations", scene.prefect.id)]
    assert mail.state is IncomingState.MATCHED
    link = next(link.id for link in mail.links if not link.suggested)
    arta.post(f"{url}/move", data={"link": link, "place": f"invitations-{scene.mayor.id}"})
    assert sure(mail) == [("invitations", scene.mayor.id)]
    assert "Nothing was changed" in arta.post(
        f"{url}/move", data={"link": link, "place": f"invitations-{scene.mayor.id}"}, follow_redirects=True
    ).text  # fmt: skip


def test_others_cannot_move_it(
    cast: SimpleNamespace, scene: SimpleNamespace, mail: IncomingMail, sign_in: Any
) -> None:
    data = {"link": mail.links[0].id, "place": f"invitations-{scene.prefect.id}"}
    for who in (cast.clirim, cast.eva):
        assert sign_in(who).post(f"/mail/in/{mail.id}/move", data=data).status_code in (403, 404)
    arta = sign_in(cast.arta)
    for wrong in ({"place": ""}, {"place": "users-1"}, {"link": "x"}, {"link": 2**40}):
        assert arta.post(f"/mail/in/{mail.id}/move", data=data | wrong).status_code == 404
    assert sure(mail) == [("invitations", scene.mayor.id)]


def test_what_proved_itself_is_not_moved(cast: SimpleNamespace, scene: SimpleNamespace) -> None:
    sent = db.session.scalars(select(OutgoingMail).order_by(OutgoingMail.id)).first()
    for other in (arrive(reply(scene.mayor)), arrive(bounce(sent))):
        assert not move_mail(other, other.links[0].id, scene.prefect, by=cast.arta, now=now())


# Signs that contradict each other


def test_at_one_guests_address_in_answer_to_another_is_suggested_for_both(scene: SimpleNamespace) -> None:
    sent = db.session.scalars(select(OutgoingMail).order_by(OutgoingMail.id)).all()
    raw = words("Po.", sender="zyra@x.example", to=address_of(scene.mayor), In_Reply_To=sent[1].message_id)
    mail = arrive(raw)
    assert (mail.state, mail.review) == (IncomingState.HELD, Review.CONTRADICTS)
    assert {link.subject_id for link in mail.links} == {scene.mayor.id, scene.prefect.id}
    assert all(link.suggested for link in mail.links)
    assert receipts() == []


def test_in_answer_to_their_own_it_is_theirs(scene: SimpleNamespace) -> None:
    sent = db.session.scalars(select(OutgoingMail).order_by(OutgoingMail.id)).all()
    raw = words("Po.", sender="zyra@x.example", to=address_of(scene.mayor), In_Reply_To=sent[0].message_id)
    assert arrive(raw).state is IncomingState.MATCHED


@pytest.mark.parametrize(
    "quoted", ["", "\n\nOn 1 Nov 2026 Koordinator Fier wrote:\n> Nr. 1 prot., datë 1.11.2026\n> nr. 1/2026"]
)
def test_what_an_office_writes_is_asked_not_what_it_quotes(
    cast: SimpleNamespace, scene: SimpleNamespace, quoted: str
) -> None:
    first, second = make_recipient(cast, 1), make_recipient(cast, 2)
    text = f"Ne pergjigje te shkreses suaj nr. 2/2026.{quoted}"
    mail = arrive(words(text, sender=first.address, to=f"{first.reply_local}@{DOMAIN}"))
    assert (mail.state, mail.review) == (IncomingState.HELD, Review.CONTRADICTS)
    assert {link.subject_id for link in mail.links} == {first.id, second.id}
    assert receipts() == []


# Numbers in fractions


@pytest.mark.parametrize(
    ("known", "text", "same"),
    [
        ("1234/1", "Nr. 1234/2 prot., datë 16.11.2026", True),
        ("1234/1 prot.", "Nr. Prot. 1234/2", True),
        ("Nr. 1234", "në vijim të shkresës nr. 1234/1", True),
        ("1234", "prot. nr. 1234/3-2026", True),
        ("1234/1, datë 1.10.2025", "Nr. 1234/2 prot., datë 16.11.2026", False),
        ("1234/1, datë 1.10.2026", "Nr. 1234/2 prot., datë 16.11.2026", True),
        ("1234/1", "Nr. 12345/2 prot.", False),
        ("1234/1", "1234/2", False),
        ("45/1", "Nr. 45/2 prot.", True),
        ("45", "Nr. 45 prot.", False),
        ("119/1", "ligji nr. 119/2014", False),
        ("K-12/3", "Nr. 12/4 prot.", False),
    ],
)
def test_numbers_of_one_matter(known: str, text: str, same: bool) -> None:
    assert is_one_matter(known, numbers_in(text)) == same


@pytest.mark.both_databases
def test_a_later_fraction_is_found_at_the_offices_domain_alone(
    cast: SimpleNamespace, scene: SimpleNamespace
) -> None:
    recipient = make_recipient(cast, 3)
    db.session.add(
        LetterResponse(
            recipient=recipient, kind=ResponseKind.PARTIAL, their_number="1234/1", recorded_at=now()
        )
    )
    db.session.commit()
    texts = ["Nr. 1234/2 prot., datë 16.11.2026"]

    def found(sender: str, *, is_sure: bool = False) -> list[tuple[int, bool]]:
        named = recipients_named(texts, sender, sender_is_sure=is_sure)
        return [(other.id, certain) for other, certain in named]

    assert found("zyra@ministria.example") == [(recipient.id, False)]
    assert found(recipient.address, is_sure=True) == [(recipient.id, True)]
    assert found("zyra@tjeter.example") == []


def test_from_another_guest_at_this_ones_address_is_suggested_for_both(scene: SimpleNamespace) -> None:
    mail = arrive(words("Po, vij.", sender=scene.prefect.address, to=address_of(scene.mayor)))
    assert (mail.state, mail.review) == (IncomingState.HELD, Review.CONTRADICTS)
    assert [(link.subject_id, link.suggested) for link in mail.links] == [
        (scene.prefect.id, True), (scene.mayor.id, True),
    ]  # fmt: skip
    assert receipts() == []
