"""From templates to words, and from a queue row to a message: the same row always gives the same bytes.

Words are rendered once for all who read the same. Our own hold ``{placeholders}`` for what differs from mail to mail;
text that people typed is written with its braces as a placeholder of their own, so that ``{answer_url}`` in a title
arrives as it was typed (see ``outbox.fill_placeholders``: a single pass).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import Any

from css_inline import CSSInliner
from flask import current_app
from markupsafe import escape

from pop_campaigns.core.tokens import derive_token, sign_text
from pop_campaigns.mail.addresses import clean_subject
from pop_campaigns.mail.message import AttachedFile, MailParts
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.mail.outbox import bounce_local_of, fill_placeholders
from pop_campaigns.mail.secrets import HIDDEN as HIDDEN
from pop_campaigns.mail.secrets import mask_secrets

CalendarWriter = Callable[[Mapping[str, object]], str]
_LONGEST_SUBJECT = 200  # of an answer: as long as the subject it answers
_HIDDEN_IN_HEADER = "hidden"  # an address and a header's link are ASCII
REFUSAL_LINK = "unsubscribe_url"
"""The placeholder of the link by which the reader refuses more mails; with it come the headers that say so."""


def set_calendar_writer(writer: CalendarWriter, app: Any) -> None:
    """Set what writes a skeleton's calendar data as iCalendar text (the app decides, so that the outbox knows no event)."""
    app.extensions["calendar_writer"] = writer


def compose(mail: OutgoingMail, *, reveal: bool = True) -> MailParts:
    """Return the parts of one mail. Without ``reveal`` all that is secret in it is masked: for showing to staff."""
    skeleton = mail.skeleton
    values = dict(mail.fields) | {name: _link(link, reveal) for name, link in mail.links.items()}
    escaped = {name: str(escape(value)) for name, value in values.items()}
    calendar = _calendar(mail, values)
    parts = MailParts(
        message_id=mail.message_id,
        date=mail.dated_at,
        from_name=mail.from_name,
        from_address=mail.from_address,
        to_name=mail.to_name,
        to_address=mail.to_address,
        envelope_from=envelope_sender(mail),
        subject=fill_placeholders(skeleton.subject, values),
        text=fill_placeholders(skeleton.text, values),
        html=fill_placeholders(skeleton.html, escaped),
        language=skeleton.language,
        calendar=calendar,
        calendar_method=str((skeleton.calendar or {}).get("method")) if calendar else None,
        attachments=tuple(
            AttachedFile(file.name, file.media_type, file.content) for file in skeleton.attachments
        ),
        auto_submitted=mail.auto_submitted,
        auto_replied=mail.null_sender,
        headers=(*_thread_headers(mail), *_refusal_headers(mail, reveal)),
    )
    return parts if reveal else _masked(parts)


def _masked(parts: MailParts) -> MailParts:
    """Return the parts without secrets; a message can still be made of them, for looking at its source."""
    words = ("from_name", "to_name", "subject", "text")
    ascii_only = ("from_address", "to_address", "envelope_from")
    masked: dict[str, Any] = {name: mask_secrets(getattr(parts, name)) for name in (*words, *ascii_only)}
    masked |= {name: masked[name].replace(HIDDEN, _HIDDEN_IN_HEADER) for name in ascii_only}
    return replace(
        parts,
        **masked,
        html=parts.html and mask_secrets(parts.html),
        calendar=parts.calendar and mask_secrets(parts.calendar),
        headers=tuple(
            (name, mask_secrets(value).replace(HIDDEN, _HIDDEN_IN_HEADER)) for name, value in parts.headers
        ),
    )


def _thread_headers(mail: OutgoingMail) -> tuple[tuple[str, str], ...]:
    """Return the headers by which a mail program puts an answer beside what it answers (RFC 5322 section 3.6.4)."""
    if not mail.thread:
        return ()
    return (("In-Reply-To", mail.thread[-1]), ("References", " ".join(mail.thread)))


def _refusal_headers(mail: OutgoingMail, reveal: bool) -> tuple[tuple[str, str], ...]:
    """Return the headers by which a mail program refuses more mails at one click (RFC 8058)."""
    link = mail.links.get(REFUSAL_LINK)
    if link is None:
        return ()
    url = _link(link, reveal)
    return (("List-Unsubscribe", f"<{url}>"), ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))


def envelope_sender(mail: OutgoingMail) -> str:
    """Return the envelope sender: an automatic answer has none ("" is the null sender), so that nothing answers it."""
    return "" if mail.null_sender else bounce_address(mail)


def bounce_address(mail: OutgoingMail) -> str:
    """Return the envelope sender of one mail (VERP): what comes back to it is about this mail and nobody can forge it."""
    local = mail.bounce_local or bounce_local_of(mail.bounce_nonce)
    return f"{local}@{current_app.config['MAIL_DOMAIN']}"


def _link(link: Mapping[str, str], reveal: bool) -> str:
    make = sign_text if "signed" in link else derive_token
    token = make(link["purpose"], link["nonce"]) if reveal else HIDDEN
    return current_app.config["BASE_URL"] + link["path"].replace("{token}", token)


def _calendar(mail: OutgoingMail, values: dict[str, str]) -> str | None:
    data = mail.skeleton.calendar
    if not data:
        return None
    filled: dict[str, object] = {
        key: fill_placeholders(value, values) if isinstance(value, str) else value
        for key, value in data.items()
    }
    filled |= {
        "dtstamp": mail.dated_at.isoformat(),
        "organizer_address": mail.from_address,
        "organizer_name": mail.from_name,
        "attendee_address": mail.to_address,
        "attendee_name": mail.to_name,
    }
    writer: CalendarWriter = current_app.extensions["calendar_writer"]
    return writer(filled)


def render_words(name: str, values: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return subject, text and HTML from the templates ``name``; typed text in ``values`` can become no placeholder."""
    # Cut at a word, so that nothing is left before the dots but a sign that led on to the title.
    typed = re.sub(r"[ —:,]+…$", "…", clean_subject(_template(f"{name}/subject.txt", values)))
    safe = {key: as_typed(value) for key, value in values.items()} | {"subject": as_typed(typed)}
    text = _template(f"{name}/body.txt", safe).strip() + "\n"
    if values["refusable"]:
        text += _template("_refusal.txt", safe)
    return safe["subject"], text, _inliner().inline(_template(f"{name}/body.html", safe))


def render_plain(name: str, values: Mapping[str, Any]) -> tuple[str, str]:
    """Return subject and text of a mail without HTML from the templates ``name``: what a person writes to a person."""
    subject = clean_subject(_template(f"{name}/subject.txt", values), _LONGEST_SUBJECT)
    text = _template(f"{name}/body.txt", {key: as_typed(value) for key, value in values.items()})
    return as_typed(subject), text.strip() + "\n"


def as_typed(value: Any) -> Any:
    """Return text whose braces stay braces (see ``outbox.fill_placeholders``), also within lists and lines of facts."""
    if isinstance(value, str):
        return value.replace("{", "{brace}")
    if isinstance(value, list):
        return [as_typed(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{field.name: as_typed(getattr(value, field.name)) for field in fields(value)})
    return value


def _template(name: str, values: Mapping[str, Any]) -> str:
    # Straight from the environment: what Flask adds to every page needs a request.
    return current_app.jinja_env.get_template(f"mail/{name}").render(values)


@cache
def _inliner() -> CSSInliner:
    return CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)
