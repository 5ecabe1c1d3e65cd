"""Is anybody reading there? Addresses from which nothing ever came back, whom to call, and what the call found out."""

from __future__ import annotations

from flask import abort, flash, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_security import current_user

from pop_campaigns.accounts.guard import writer
from pop_campaigns.accounts.scope import NoOrganisation, get_visible, owner_of_new
from pop_campaigns.contacts.blueprint import bp
from pop_campaigns.contacts.forms.contact_log import CheckForm
from pop_campaigns.contacts.models.addresses import Address
from pop_campaigns.contacts.queries.silent import phone_of, to_call, unread_among
from pop_campaigns.contacts.services.contact_log import note_check
from pop_campaigns.contacts.services.institutions import owner_of_address
from pop_campaigns.contacts.views.form_pages import form_page, saved, today
from pop_campaigns.contacts.words.contacts import contact_url, contact_words, log_url
from pop_campaigns.contacts.words.mailing import silence_words
from pop_campaigns.core.clock import now
from pop_campaigns.core.phones import show_phone
from pop_campaigns.mail.addresses import is_plain_address, show_address


@bp.get("/checks")
@writer
def phone_checks() -> ResponseReturnValue:
    """Show whom to call because nothing ever came back from their address."""
    return render_template("contacts/checks.html", rows=to_call(current_user, now()))


@bp.route("/addresses/<int:ident>/check", methods=["GET", "POST"])
@writer
def check_address(ident: int) -> ResponseReturnValue:
    """Note what a call found out about an address."""
    address = get_visible(Address, ident)
    owner = owner_of_address(address)
    get_visible(type(owner), owner.id)
    try:
        owner_of_new(current_user, owner.organisation_id)
    except NoOrganisation:
        abort(404)
    form = CheckForm(today(), address=address.email)
    shown = form.address.data if is_plain_address(form.address.data or "") else address.email
    if form.validate_on_submit():
        if shown.lower() != address.email.lower():
            flash(_("The address was changed meanwhile; it stays as it is now."), "warning")
        note_check(
            address, form.draft(), form.check(shown), by=current_user, now=now(), once=form.once.data or ""
        )
        return saved(owner, _("Noted in the contact log."), log_url(owner))
    unread = unread_among([address.email], current_user, now()).get(address.email.lower())
    phone = phone_of(owner)
    lead = [
        show_address(address.email),
        silence_words(unread.silence) if unread else "",
        _("Phone: %(number)s", number=show_phone(phone)) if phone else _("no phone number is known"),
    ]
    return form_page(
        form,
        _("Is anybody reading there?"),
        contact_url(owner),
        kicker=contact_words(owner),
        lead=" · ".join(filter(None, lead)),
    )
