"""Lines for further phone numbers and post addresses in the forms of persons, institutions and offices.

Each line is two fields of the form, the number or address and its use, named by the row it is of (``phone_17``,
``phone_17_use``) or as a new one (``phone_new1``), so that whatever compares, keeps or refuses fields does so line by line.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any, TypeVar, cast

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from wtforms import Field, SelectField, TelField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import StopValidation

from pop_campaigns.contacts.forms.institutions import phone, phone_of, post_address
from pop_campaigns.contacts.models.addresses import ContactDetail
from pop_campaigns.contacts.rules import POST_USES, DetailKind, DetailUse
from pop_campaigns.contacts.services.details import DetailDraft
from pop_campaigns.contacts.words.labels import DETAIL_USES
from pop_campaigns.core.forms import Form
from pop_campaigns.core.phones import BadPhone, is_mobile, parse_phone
from pop_campaigns.core.text import fold

# New lines of one kind in one form; more are added after a save.
MOST_NEW = 20
_NOT_SAID = ""
# The field of the first one; an office has none for a post address.
_FIRST = {DetailKind.PHONE: "phone", DetailKind.POST: "post_address"}
_NEW = re.compile(r"(phone|post)_new([1-9][0-9]?)")
_OF_ROW = re.compile(r"(phone|post)_([1-9][0-9]{0,9})")

F = TypeVar("F", bound=Form)


def with_further(
    form: type[F],
    kinds: Sequence[DetailKind],
    rows: Sequence[ContactDetail] = (),
    sent: Collection[str] = (),
    more: str = "",
) -> type[F]:
    """Return the form with a line for each of the rows, for what was ``sent``, and empty ones: ``more`` of a kind has one more.

    A line of a row that is not there any more is kept as a new one: what was typed is not lost.
    """
    lines = {kind: _lines(kind, rows, sent, more=kind == more) for kind in kinds}
    fields: dict[str, Any] = {"further": {kind.value: names for kind, names in lines.items()}}
    for kind, names in lines.items():
        for number, name in enumerate(names, start=2 if hasattr(form, _FIRST[kind]) else 1):
            fields[name] = _phone(number) if kind is DetailKind.PHONE else _post(number)
            fields[f"{name}_use"] = _use(kind, number)
    fields |= {f"validate_{name}": _refuse_double for names in lines.values() for name in names}
    return cast("type[F]", type(form.__name__, (form,), fields))


def further_values(rows: Sequence[ContactDetail]) -> dict[str, str]:
    """Return what the lines of rows that are there hold."""
    values: dict[str, str] = {}
    for row in rows:
        values |= {f"{row.kind}_{row.id}": row.value, f"{row.kind}_{row.id}_use": row.use.value}
    return values


def further_drafts(form: Any, rows: Sequence[ContactDetail]) -> list[DetailDraft]:
    """Return what was typed into the lines, once the form is valid; a use nobody chose is told by a mobile number alone."""
    of_name = {f"{row.kind}_{row.id}": row for row in rows}
    drafts = []
    for kind_name, names in form.further.items():
        kind = DetailKind(kind_name)
        for name in names:
            value = phone_of(form[name]) if kind is DetailKind.PHONE else form[name].data or ""
            use = form[f"{name}_use"].data
            drafts.append(
                DetailDraft(kind, value, DetailUse(use) if use else _told(kind, value), of_name.get(name))
            )
    return drafts


def _told(kind: DetailKind, value: str) -> DetailUse:
    return DetailUse.MOBILE if kind is DetailKind.PHONE and is_mobile(value) else DetailUse.OTHER


def _lines(
    kind: DetailKind, rows: Sequence[ContactDetail], sent: Collection[str], *, more: bool
) -> list[str]:
    names = [f"{kind}_{row.id}" for row in rows if row.kind is kind]
    gone = [
        name
        for name in sorted(set(sent))
        if (match := _OF_ROW.fullmatch(name)) and match[1] == kind and name not in names
    ]
    typed = [int(match[2]) for name in sent if (match := _NEW.fullmatch(name)) and match[1] == kind]
    last = min(max([1, *typed]) + more, MOST_NEW)
    return [*names, *gone[:MOST_NEW], *(f"{kind}_new{number}" for number in range(1, last + 1))]


def _phone(number: int) -> TelField:
    return phone(_l("Phone %(number)s", number=number))


def _post(number: int) -> TextAreaField:
    return post_address(_l("Post address %(number)s", number=number))


def _use(kind: DetailKind, number: int) -> SelectField:
    uses = DETAIL_USES if kind is DetailKind.PHONE else {use: DETAIL_USES[use] for use in POST_USES}
    choices = [SelectChoice(use.value, words) for use, words in uses.items()]
    label = (
        _l("Phone %(number)s: its use", number=number)
        if kind is DetailKind.PHONE
        else _l("Post address %(number)s: its use", number=number)
    )
    not_said = SelectChoice(_NOT_SAID, _lp("phone or post address", "Use not said"))
    return SelectField(label, choices=[not_said, *choices], default=_NOT_SAID)


def _refuse_double(form: Any, field: Field) -> None:
    """Refuse a number or address that stands in a line before it, or in the field of the first one."""
    kind = next(kind for kind, names in form.further.items() if field.name in names)
    before = [_FIRST[DetailKind(kind)], *form.further[kind][: form.further[kind].index(field.name)]]
    typed = _same(kind, field.data)
    if typed and typed in [_same(kind, form[name].data) for name in before if name in form]:
        raise StopValidation(
            _("This number is there already.")
            if kind == DetailKind.PHONE
            else _("This address is there already.")
        )


def _same(kind: str, typed: str | None) -> str:
    if kind != DetailKind.PHONE or not typed:
        return fold(typed or "")
    try:
        return parse_phone(typed)
    except BadPhone:
        return ""
