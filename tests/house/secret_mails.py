"""Two organisations' mails, sent and come back, full of secrets: what tests look for on every page."""

from __future__ import annotations

from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sqlalchemy import select

from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.tokens import derive_local_part, derive_token, new_nonce, sign_text
from pop_campaigns.incoming.services.replying import pass_on, queue_reply, receivers_of
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.rules.invitations import GuestChoice
from pop_campaigns.invitations.services.guests import add_guests
from pop_campaigns.invitations.services.sending import send_invitations
from pop_campaigns.mail.compose import compose
from pop_campaigns.mail.message import message_bytes
from pop_campaigns.mail.models import IncomingMail, OutgoingMail
from pop_campaigns.mail.outbox import record_refused, record_sent
from pop_campaigns.tryout.mailserver import store_message
from tests import factories
from tests.incoming.scene import DOMAIN, address_of, arrive, bounce, calendar, reply, words


def fill(world: SimpleNamespace, folder: Path) -> SimpleNamespace:
    """Let guests and offices of both organisations write and bounce in every way; give the secrets of each.

    ``folder`` is the local mailbox: one mail of each organisation lies in it.
    """
    cast = world.cast
    world.recipient.reply_local = "r-" + derive_local_part("reply", new_nonce())
    letter_mail = factories.make_mail(
        world.recipient.address,
        from_address=f"{world.recipient.reply_local}@{DOMAIN}",
        organisation_id=cast.fier.id,
    )
    world.recipient.mail_id = letter_mail.id
    foreign = _vlore(cast)
    db.session.commit()
    # The other organisation's are there to be found by the first one: a few kinds are enough.
    incoming = [*_come_in(world.invitation), *_come_in(foreign)[:4], *_for_the_letter(world, letter_mail)]
    _write_back(incoming[0], world)
    kept = [_deliver(folder, guest) for guest in (world.invitation, foreign)]
    _refuse(letter_mail)
    db.session.commit()
    guests = [
        invitation for invitation in db.session.scalars(select(Invitation.id)) if invitation != world.draft.id
    ]
    return SimpleNamespace(
        foreign=foreign,
        incoming={mail.id: len(mail.attachments) for mail in incoming},
        kept=kept,
        events=[world.event.id, foreign.event_id],
        mails=_one_of_each_kind(),
        guests=guests,
        fier=_secrets(cast.fier.id, world.recipient.reply_local),
        vlore=_secrets(cast.vlore.id),
    )


def _write_back(mail: IncomingMail, world: SimpleNamespace) -> None:
    """A message full of secrets is answered, and passed on to a colleague."""
    to = receivers_of(mail, world.invitation)[0][0]
    queue_reply(mail, to, "Faleminderit.", files=(), key="reply", by=world.cast.arta, now=now())
    pass_on(
        mail, world.cast.drita, "", subject=world.invitation, about="", files=(), key="on", by=world.cast.arta, now=now()
    )  # fmt: skip


def _one_of_each_kind() -> list[int]:
    """A mail of each kind, state and organisation: the walk opens every part of each."""
    outgoing_mails = {
        (mail.kind, mail.state, mail.organisation_id): mail.id
        for mail in db.session.scalars(select(OutgoingMail))
    }
    return sorted(outgoing_mails.values())


def own_secrets(guest: Invitation) -> set[str]:
    """What the guest's own page may hold: the link, the address answered to, that of refusing more."""
    result = {factories.token_of(guest), guest.reply_local.removeprefix("r-")}
    for row in guest.mails:
        result |= {_token(link) for link in row.mail.links.values()}
    return result


def _vlore(cast: SimpleNamespace) -> Invitation:
    event = factories.make_event(cast.vlore, title_sq="Dëgjesë në Vlorë")
    office = factories.make_office("Kryetar", email="kryetari@vlora.example", organisation=cast.vlore)
    person = factories.make_person("Gazetar i Vlorës", email="g@vlora.example", organisation=cast.vlore)
    factories.make_consent(person)
    choices = [GuestChoice("office", office.id, "sq"), GuestChoice("person", person.id, "sq")]
    add_guests(event, choices, by=cast.clirim, now=now())
    send_invitations(event, by=cast.clirim, now=now())
    return db.session.scalars(select(Invitation).where(Invitation.event_id == event.id)).first()


def _come_in(guest: Invitation) -> list[IncomingMail]:
    """One guest answers in every way in which secrets come back."""
    sent = guest.mails[0].mail
    record_sent(sent, code=250, words=f"ok for {sent.bounce_local}@{DOMAIN}", now=now())
    parts, to = compose(sent), address_of(guest)
    quoted = "\n".join(
        f"> {line}"
        for line in [f"From: {to}", f"Return-Path: <{parts.envelope_from}>", *parts.text.split("\n")]
    )
    hard = quoted.replace(to, to.upper()).replace("/a/", "%2Fa%2F")
    said = f"Vij. Lidhja ime {_link(guest)} dhe adresa {to}"
    sender = guest.address
    return [
        arrive(words(f"{said}\n\nDikush shkroi:\n{quoted}\n", sender=sender, to=to, subject=f"Re: {to}"), to, sender),
        arrive(words(f"{hard}\n{said[:60]}\n{said[60:]}", sender=f'"{to}" <{sender}>', to=to), to, sender),
        arrive(reply(guest, comment=said), to, sender),
        arrive(_counter(guest, said), to, sender),
        arrive(bounce(sent).replace(b"No such user here", f"<{parts.envelope_from}> {to} unknown".encode())),
        arrive(_html(guest, parts.html or ""), to, sender),
        arrive(_forwarded(guest, message_bytes(parts)), to, sender),
        arrive(_forwarded(guest, message_bytes(parts)), f"kontakt@{DOMAIN}", "dikush@posta.example"),
        arrive(words(f"Jam me pushime.\n{quoted}", sender=sender, to=to, Auto_Submitted="auto-replied"), to, sender),
    ]  # fmt: skip


def _for_the_letter(world: SimpleNamespace, sent: OutgoingMail) -> list[IncomingMail]:
    to = f"{world.recipient.reply_local}@{DOMAIN}"
    record_sent(sent, code=250, words="ok", now=now())
    text = f"Përgjigjja jonë për {to}.\n\n> {to}\n> {sent.bounce_local}@{DOMAIN}\n"
    return [arrive(words(text, sender="zyra@bashkia.example", to=to), to), arrive(bounce(sent))]


def _counter(guest: Invitation, said: str) -> bytes:
    starts = guest.event.starts_at + timedelta(days=1)
    raw = reply(guest, method="COUNTER", comment=said)
    return raw.replace(
        f"{guest.event.starts_at:DTSTART:%Y%m%dT%H%M%SZ}".encode(),
        f"{starts:DTSTART:%Y%m%dT%H%M%SZ}".encode(),
    )


def _html(guest: Invitation, html: str) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = guest.address, address_of(guest), "Re: Ftesë"
    mail.set_content(f"<p>Faleminderit</p><blockquote>{address_of(guest)}{html}</blockquote>", subtype="html")
    return mail.as_bytes()


def _forwarded(guest: Invitation, original: bytes) -> bytes:
    """A mail with the invitation attached three times: as a message, as a calendar, as text named by a secret."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = guest.address, address_of(guest), "Fwd: Ftesë"
    mail.set_content("Shihni bashkëngjitjen.")
    mail.add_attachment(original, maintype="application", subtype="octet-stream", filename="ftesa.eml")
    mail.add_attachment(calendar(guest).encode(), maintype="text", subtype="calendar", filename="ftesa.ics")
    mail.add_attachment(
        _link(guest).encode(), maintype="text", subtype="plain", filename=f"{guest.reply_local}.txt"
    )
    mail.add_attachment(
        b"%PDF-1.7 nothing secret", maintype="application", subtype="pdf", filename="harta.pdf"
    )
    return mail.as_bytes()


def _link(guest: Invitation) -> str:
    return f"http://localhost/a/{factories.token_of(guest)}"


def _refuse(mail: OutgoingMail) -> None:
    other = factories.make_mail(
        mail.to_address, from_address=mail.from_address, organisation_id=mail.organisation_id
    )
    text = f"550 <{mail.from_address}>: sender {other.bounce_local}@{DOMAIN} rejected"
    record_refused(other, permanent=True, code=550, words=text, now=now())


def _deliver(folder: Path, guest: Invitation) -> str:
    parts = compose(guest.mails[0].mail)
    return Path(store_message(folder, message_bytes(parts), parts.envelope_from, [parts.to_address])).stem


def _secrets(organisation_id: int, *more: str) -> set[str]:
    """All that opens or proves something of one organisation."""
    result = {local.removeprefix("r-") for local in more}
    for guest in db.session.scalars(select(Invitation)):
        if guest.event.organisation_id == organisation_id:
            result |= {guest.reply_local.removeprefix("r-"), factories.token_of(guest)}
    for mail in db.session.scalars(select(OutgoingMail).filter_by(organisation_id=organisation_id)):
        result |= {(mail.bounce_local or "").removeprefix("b-"), *map(_token, mail.links.values())}
    return result - {""}


def _token(link: dict[str, Any]) -> str:
    make = sign_text if "signed" in link else derive_token
    return make(link["purpose"], link["nonce"])
