"""Handing mails to a server: one kept connection, one recipient a mail, every refusal told.

Flask-Mail 0.10 connects without a timeout, starts TLS without checking the certificate, and swallows the
refusal of some recipients; its ``Connection`` is kept for the way it is used and replaced in what it does.
"""

from __future__ import annotations

import contextlib
import smtplib
import ssl
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, Self

import dkim
from flask import current_app, has_app_context
from flask_mail import Connection, Mail, Message, email_dispatched

from pop_campaigns.mail.addresses import is_plain_address, needs_smtputf8
from pop_campaigns.mail.message import PostMessage, UnsafeMessage
from pop_campaigns.mail.refusals import (
    BROKEN_OFF,
    NO_SMTPUTF8,
    NOT_REACHED,
    NOT_SECURE,
    NOT_SIGNED,
    UNSAFE,
    Refused,
    Stage,
    is_about_sign_in,
    one_line,
)

_SIGNED = (
    "from", "to", "subject", "date", "message-id", "reply-to", "in-reply-to", "references", "mime-version",
    "content-type", "content-transfer-encoding", "content-language", "auto-submitted", "list-id",
    "list-unsubscribe", "list-unsubscribe-post",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TransportSettings:
    """Where mail is handed over, and how.

    ``timeout`` in seconds, for connecting and for each reply. ``local_hostname`` is what we call ourselves in
    EHLO (asking the resolver for it, as smtplib does by itself, can take half a minute). With ``dkim_key``
    (RSA, PEM), ``dkim_domain`` and ``dkim_selector`` mails are signed (RFC 6376); else the server may do it.
    """

    host: str
    port: int = 25
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: Literal["none", "starttls", "ssl"] = "none"
    timeout: float = 30.0
    local_hostname: str = "localhost"
    dkim_domain: str | None = None
    dkim_selector: str | None = None
    dkim_key: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Delivered:
    """The server took the mail: its reply code (250) and its words, often the number it gave the mail."""

    code: int
    words: str


def tls_context() -> ssl.SSLContext:
    """Return the context every secured connection uses: certificate and host name are checked."""
    return ssl.create_default_context()


class PostConnection(Connection):
    """Flask-Mail's connection with a timeout, a checked certificate, and an answer for each mail."""

    host: smtplib.SMTP | None

    def __init__(self, settings: TransportSettings) -> None:
        self.settings = settings
        state = Mail().init_mail({"MAIL_SERVER": settings.host, "MAIL_PORT": settings.port})
        super().__init__(state)  # type: ignore[arg-type]  # the state is what Mail.connect passes, too
        self.host = None

    def configure_host(self) -> smtplib.SMTP:
        """Open the connection, secured and signed in as the settings say. Raise :class:`Refused`."""
        stage = Stage.CONNECT
        host: smtplib.SMTP | None = None
        try:
            host = self._connect()
            if self.settings.tls == "starttls":
                # Without an offer of STARTTLS this raises: never on in the clear.
                host.starttls(context=tls_context())
            host.ehlo_or_helo_if_needed()
            if self.settings.username:
                stage = Stage.SIGN_IN
                host.login(self.settings.username, self.settings.password or "")
        except (OSError, smtplib.SMTPException, ValueError) as problem:
            if host is not None:
                host.close()
            raise _cannot_open(problem, stage) from problem
        return host

    def _connect(self) -> smtplib.SMTP:
        settings = self.settings
        if settings.tls == "ssl":
            return smtplib.SMTP_SSL(
                settings.host,
                settings.port,
                settings.local_hostname,
                timeout=settings.timeout,
                context=tls_context(),
            )
        return smtplib.SMTP(settings.host, settings.port, settings.local_hostname, timeout=settings.timeout)

    def send(self, message: Message, envelope_from: str | tuple[str, str] | None = None) -> None:
        """Hand over one PostMessage, Flask-Mail's way. Raise :class:`Refused`, also for other messages."""
        if not isinstance(message, PostMessage) or isinstance(envelope_from, tuple):
            raise _held_back("only a PostMessage with a plain envelope sender is sent")
        sender = message.parts.envelope_from if envelope_from is None else envelope_from
        self.hand_over(sign(_bytes_of(message), self.settings), sender, message.parts.to_address)
        _announce(message)

    def hand_over(self, raw: bytes, envelope_from: str, to: str) -> Delivered:
        """Hand over ``raw`` to the server for one recipient; a lost connection is opened again once, at MAIL."""
        if not is_plain_address(to) or not (envelope_from == "" or is_plain_address(envelope_from)):
            raise _held_back("the envelope needs one plain address")
        host = self._begin(raw, envelope_from, to)
        try:
            _expect(host.rcpt(to), Stage.RECIPIENT)
            code, words = _expect(_data(host, raw), Stage.CONTENT)
        except Refused as refused:
            self._recover(refused)
            raise
        except (OSError, smtplib.SMTPException, ValueError) as problem:
            # Also where the server fell silent after the last dot: it may have the mail. It goes again with
            # the same Message-ID, because a mail twice does less harm than none.
            self.drop()
            raise _broken_off(problem, Stage.CONTENT) from problem
        self.num_emails += 1
        return Delivered(code, words)

    def _begin(self, raw: bytes, envelope_from: str, to: str) -> smtplib.SMTP:
        for is_kept in (self.host is not None, False):
            host = self.host = self.host or self.configure_host()
            try:
                _expect(host.mail(envelope_from, _options(host, raw, envelope_from + to)), Stage.SENDER)
            except Refused as refused:
                self._recover(refused)
                if not (is_kept and refused.code == 421):
                    raise
            except (OSError, smtplib.SMTPException, ValueError) as problem:
                self.drop()
                if not is_kept:
                    raise _broken_off(problem, Stage.SENDER) from problem
            else:
                return host
        raise AssertionError("unreachable: the second round returns or raises")

    def _recover(self, refused: Refused) -> None:
        """Make the connection fit for the next mail; after 421 or nonsense it is of no more use."""
        if self.host is None:
            return
        try:
            if refused.code in (None, 421) or self.host.rset()[0] != 250:
                self.drop()
        except (OSError, smtplib.SMTPException):
            self.drop()

    def drop(self) -> None:
        """Close without a word."""
        if self.host is not None:
            self.host.close()
        self.host = None

    def finish(self) -> None:
        """Say goodbye and close; a server that is gone already is no trouble."""
        if self.host is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                self.host.quit()
        self.drop()


class SmtpTransport:
    """Delivers mails over one connection, opened at the first mail and kept until :meth:`close`."""

    def __init__(self, settings: TransportSettings) -> None:
        self.settings = settings
        self._connection = PostConnection(settings)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def deliver(self, message: PostMessage, envelope_from: str, to: str) -> Delivered:
        """Hand ``message`` to the server for ``to`` alone; ``envelope_from`` may be "" (the null sender).

        Raise :class:`Refused`: permanent for a 5xx about this mail and for a mail that must not leave; not
        permanent for 4xx, lost connections, timeouts, and whatever concerns our own set-up (sign-in,
        certificate, DKIM key), because those end and the mails must not be lost with them.
        """
        delivered = self.deliver_bytes(_bytes_of(message), envelope_from, to)
        _announce(message)
        return delivered

    def deliver_bytes(self, raw: bytes, envelope_from: str, to: str) -> Delivered:
        """Deliver a mail that is bytes already (see :meth:`deliver`)."""
        return self._connection.hand_over(sign(raw, self.settings), envelope_from, to)

    def close(self) -> None:
        """End the connection; the next mail opens another."""
        self._connection.finish()


def sign(raw: bytes, settings: TransportSettings) -> bytes:
    """Return ``raw`` with a DKIM signature before it (RFC 6376), or as it is if no key is configured.

    Raise :class:`Refused`, not permanent, if the key is of no use: nothing leaves unsigned by accident.
    """
    if not (settings.dkim_key and settings.dkim_domain and settings.dkim_selector):
        return raw
    head = raw.partition(b"\r\n\r\n")[0].lower()
    present = [name for name in _SIGNED if b"\n" + name.encode() + b":" in b"\n" + head]
    # Named once more than they occur, so that nobody can add a second one (section 8.15).
    names = [*present, "from", "to", "subject", "date"]
    try:
        signature: bytes = dkim.sign(
            raw,
            settings.dkim_selector.encode(),
            settings.dkim_domain.encode(),
            settings.dkim_key.encode(),
            canonicalize=(b"relaxed", b"relaxed"),
            include_headers=[name.encode() for name in names],
        )
    except (dkim.DKIMException, ValueError) as problem:
        words = one_line(f"{NOT_SIGNED}: {problem}")
        raise Refused(permanent=False, code=None, words=words, stage=Stage.CONTENT) from problem
    return signature + raw


def _bytes_of(message: PostMessage) -> bytes:
    try:
        return message.as_bytes()
    except UnsafeMessage as problem:
        raise _held_back(str(problem)) from problem


def _announce(message: PostMessage) -> None:
    # Flask-Mail's signal, which Mail.record_messages listens to.
    if has_app_context():
        email_dispatched.send(current_app._get_current_object(), message=message)  # type: ignore[attr-defined]


def _options(host: smtplib.SMTP, raw: bytes, addresses: str) -> list[str]:
    options = [f"SIZE={len(raw)}"] if host.has_extn("size") else []
    if needs_smtputf8(addresses):
        if not host.has_extn("smtputf8"):
            raise Refused(permanent=True, code=None, words=NO_SMTPUTF8, stage=Stage.SENDER)
        options += ["SMTPUTF8", "BODY=8BITMIME"]
    return options


def _data(host: smtplib.SMTP, raw: bytes) -> tuple[int, bytes]:
    try:
        return host.data(raw)
    except smtplib.SMTPDataError as refused:
        reply = refused.smtp_error
        return refused.smtp_code, reply.encode() if isinstance(reply, str) else reply


def _expect(reply: tuple[int, bytes], stage: Stage) -> tuple[int, str]:
    code, words = reply[0], one_line(reply[1])
    if code in (250, 251, 252):
        return code, words
    if not 400 <= code <= 599:
        raise Refused(permanent=False, code=None, words=f"{BROKEN_OFF}: not an SMTP reply", stage=stage)
    permanent = code >= 500 and not is_about_sign_in(code)
    raise Refused(permanent=permanent, code=code, words=words, stage=stage)


def _cannot_open(problem: Exception, stage: Stage) -> Refused:
    """Return why there is no connection. Never permanent: it says nothing about any one mail."""
    if isinstance(problem, smtplib.SMTPResponseException):
        return Refused(
            permanent=False, code=problem.smtp_code, words=one_line(problem.smtp_error), stage=stage
        )
    secure = isinstance(problem, (ssl.SSLError, smtplib.SMTPNotSupportedError))
    words = one_line(f"{NOT_SECURE if secure else NOT_REACHED}: {problem}")
    return Refused(permanent=False, code=None, words=words, stage=stage)


def _broken_off(problem: Exception, stage: Stage) -> Refused:
    return Refused(permanent=False, code=None, words=one_line(f"{BROKEN_OFF}: {problem}"), stage=stage)


def _held_back(why: str) -> Refused:
    return Refused(permanent=True, code=None, words=one_line(f"{UNSAFE}: {why}"), stage=Stage.CONTENT)
