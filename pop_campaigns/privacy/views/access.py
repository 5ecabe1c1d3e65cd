"""What is kept about one person: looked over by who is responsible, then given out as a file or on paper."""

from __future__ import annotations

import json
from typing import Final

from flask import Response, abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from flask_security import current_user

from pop_campaigns.accounts.guard import writer
from pop_campaigns.accounts.scope import get_changeable
from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.core.clock import local_date, now
from pop_campaigns.core.db import db
from pop_campaigns.core.downloads import give_file
from pop_campaigns.core.history import note
from pop_campaigns.core.i18n import current_language
from pop_campaigns.privacy.blueprint import bp
from pop_campaigns.privacy.queries.access import Data, access_export
from pop_campaigns.privacy.queries.places import named_in
from pop_campaigns.privacy.queries.traces import find_traces
from pop_campaigns.privacy.words.access import readable_lines

SECTIONS: Final = {
    "persons": _l("Records of the person"),
    "addresses": _l("E-mail addresses"),
    "phones": _l("Further phone numbers"),
    "post_addresses": _l("Further post addresses"),
    "consents": _l("Consents"),
    "refusals": _l("Mail refused"),
    "offices": _l("Offices"),
    "invitations": _l("Invitations and answers"),
    "named_as_substitute": _l("Named as a substitute"),
    "named_as_speaker": _l("Named as a speaker"),
    "contact_log": _l("Contact log"),
    "letters": _l("Letters"),
    "messages": _l("Messages"),
    "received_from_person": _l("Messages that came from the person"),
    "lists": _l("Lists"),
    "imports": _l("Imported rows"),
    "import_changes": _l("What imports changed"),
    "merged_records": _l("Records merged into this one"),
    "history": _l("History"),
    "also_named_in": _l("Also named in"),
}


@bp.route("/privacy/persons/<int:ident>/access", methods=["GET", "POST"])
@writer
def access(ident: int) -> ResponseReturnValue:
    """Show what is kept; with POST give it out, as a file (``form=json``) or a page to print, and note that."""
    person = get_changeable(Person, ident)
    moment, traces = now(), find_traces(person)
    export = access_export(traces, named_in(person, traces.identifiers), now=moment)
    if request.method != "POST":
        return _page(person, export, printed=False)
    form = request.form.get("form", "")
    if form not in ("json", "page"):
        abort(400)
    note(
        "person.exported",
        person,
        by=current_user,
        now=moment,
        organisation_id=person.organisation_id,
        form=form,
        rows=sum(len(export[name]) for name in SECTIONS),
    )
    page = _page(person, export, printed=True) if form == "page" else ""
    db.session.commit()
    return page if form == "page" else _file(export, f"{local_date(moment):%Y-%m-%d}")


def _page(person: Person, export: Data, *, printed: bool) -> str:
    lang = current_language()
    sections = [
        (words, [readable_lines(name, record, lang) for record in export[name]])
        for name, words in SECTIONS.items()
    ]
    return render_template(
        "privacy/access.html",
        person=person,
        kept=export,
        sections=[(words, rows) for words, rows in sections if rows],
        day=local_date(now()),
        printed=printed,
    )


def _file(export: Data, day: str) -> Response:
    content = json.dumps(export, ensure_ascii=False, indent=1)
    # Without the person's name: it would stand in every list of downloads.
    return give_file(content.encode(), f"personal-data-{day}.json", "application/json")
