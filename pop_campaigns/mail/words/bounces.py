"""Words by which mail systems say that a mail did not arrive, or not yet, in the languages that come up."""

from __future__ import annotations

import re

_FAILURE = re.compile(
    r"""(?ix)
    undeliver(ed|able) | non[- ]?deliver | not\ (be(en)?\ )?deliver | un?able\ to\ deliver
    | cannot\ be\ delivered
    | could\ not\ be\ (delivered|sent) | couldn't\ be\ delivered | wasn't\ delivered | did\ not\ reach
    | not\ reach
    | deliver[yi]\w*\ (\w+\ ){0,3}(fail|problem|error|status|report|notification|has\ failed)
    | (failed|failure)\ (mail|delivery|notice|notification) | failure\ (notice|delivery)
    | mail\ (delivery\ )?(failed|failure|error)
    | mail\ system\ error | returned\ (mail|to\ sender) | returning\ (message|to\ sender)
    | message\ (delivery\ )?failure
    | processing\ error | permanent\ (fatal\ )?(error|failure) | user\ unknown
    | unknown\ (user|recipient|local\ part)
    | no\ such\ (user|mailbox|recipient) | mailbox\ (is\ )?(full|unavailable|not\ found) | does\ not\ exist
    | address\ (rejected|unknown)
    | bounce\ notification | message\ you\ sent\ (was\ )?blocked | automatically\ rejected
    | has\ been\ rejected | was\ rejected
    | nuk\ u\ (dorëzua|dorezua|dërgua) | nuk\ mund\ të\ dorëzohej | mosdorëzim | dorëzimi\ dështoi
    | i\ padorëzuar
    | unzustellbar | nicht\ zugestellt | konnte\ nicht\ zugestellt | mancata\ consegna | non\ consegnat
    | non\ remis | échec\ de\ (la\ )?remise
    | non\ recens | no\ entregad | devuelto | Ваше\ сообщение\ не\ доставлено | не\ доставлен | 邮件发送失败 | 退信
    """
)
_WAITING = re.compile(
    r"""(?ix)
    delayed | delay\) | \(delay | still\ being\ retried | not\ yet\ been\ delivered
    | will\ (be\ retried|keep\ trying|retry)
    | delivery\ attempts\ will\ continue | you\ do\ not\ need\ to\ resend | no\ action\ is\ required
    | warning:\ (could\ not|message)
    | will\ be\ (attempted|tried)\ again | temporary\ (failure|problem|error) | mail\ delivery\ warning
    | delivery\ (to .{1,80})?is\ delayed
    | me\ vonesë | do\ të\ provohet\ (sërish|përsëri) | verzögert | ritardata | différé
    """
)
# "Transient failure" also stands in reports of servers that gave up.
_GAVE_UP = re.compile(
    r"(?i)gave up|giving up|given up|permanent|retry time(out)? (not reached|exceeded)|for \d+ days|fatal error"
)


def speaks_of_failure(text: str) -> bool:
    """Return whether a subject or report speaks of a mail that did not arrive."""
    return bool(_FAILURE.search(text))


def speaks_of_waiting(text: str) -> bool:
    """Return whether a subject or report says that the server is still trying."""
    return bool(_WAITING.search(text)) and not _GAVE_UP.search(text)
