"""What Today says of addresses at which nobody may be reading: whom to call, at which number."""

from __future__ import annotations

from collections.abc import Iterator

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from pop_campaigns.accounts.rules.roles import MAY_WRITE
from pop_campaigns.contacts.queries.silent import ToCall, to_call
from pop_campaigns.contacts.words.contacts import contact_words
from pop_campaigns.core.phones import show_phone
from pop_campaigns.desk.queries.work_rows import Reader, WorkRow

_NAMED = 3


def check_rows(reader: Reader) -> Iterator[WorkRow]:
    """Yield one row for all calls to be made, the first with their numbers; who only reads makes none."""
    if reader.user.role not in MAY_WRITE:
        return
    calls = to_call(reader.user, reader.now)
    if not calls:
        return
    named = [_who(call) for call in calls[:_NAMED]]
    more = len(calls) - len(named)
    if more:
        named.append(ngettext("and %(num)d more", "and %(num)d more", more))
    page = url_for("contacts.phone_checks")
    alone = url_for("contacts.check_address", ident=calls[0].address.id) if len(calls) == 1 else page
    yield WorkRow(
        ngettext(
            "%(num)d address nobody may read: call", "%(num)d addresses nobody may read: call", len(calls)
        ),
        page,
        who=" · ".join(named),
        when=_("nothing ever came back"),
        action=_("Note the call"),
        action_url=alone,
    )


def _who(call: ToCall) -> str:
    name = contact_words(call.owner)
    return f"{name}: {show_phone(call.phone)}" if call.phone else name
