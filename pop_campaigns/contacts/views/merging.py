"""Pages of merging: find the double, see both side by side, make one of them, or two again."""

from __future__ import annotations

from collections import Counter
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_security import current_user

from pop_campaigns.accounts.guard import writer
from pop_campaigns.accounts.scope import get_changeable, get_visible, may_change, select_visible
from pop_campaigns.contacts.blueprint import bp
from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.contacts.models.merges import Merge
from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.contacts.queries import directory
from pop_campaigns.contacts.queries.merge_plans import MergePlan, Question
from pop_campaigns.contacts.queries.similar import likely_doubles
from pop_campaigns.contacts.rules import MergeSide
from pop_campaigns.contacts.services.merging import CannotMerge, merge, preview_merge, undo_merge
from pop_campaigns.contacts.services.records import written
from pop_campaigns.contacts.views.form_pages import saved, today
from pop_campaigns.contacts.words.contacts import contact_url, contact_words
from pop_campaigns.contacts.words.labels import FIELD_WORDS, MERGED_ROWS, value_words
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.meanwhile import is_as_seen, seen_versions

MODELS: dict[str, type[Person | Institution]] = {"persons": Person, "institutions": Institution}
SHOWN = 20


@bp.get("/<any(persons, institutions):listed>/<int:ident>/merge")
@writer
def find_double(listed: str, ident: int) -> ResponseReturnValue:
    """Find the record that is the same as this one, by name."""
    record: Any = get_changeable(MODELS[listed], ident)
    typed = request.args.get("q", "").strip()[:200]
    likely = likely_doubles(record, current_user)
    if listed == "persons":
        persons: Any = directory.select_persons(typed, current_user)
    else:
        persons = directory.select_institutions(typed, None, None, current_user, today())
    rows = [
        candidate
        for candidate in (db.session.scalars(persons.limit(SHOWN + 1)).unique() if typed else ())
        if candidate.id != record.id and candidate not in likely
    ][:SHOWN]
    words = {"record": record, "listed": listed, "typed": typed, "likely": likely, "rows": rows}
    return render_template("contacts/find_double.html", under=_under(*likely, *rows), **words)


def _persons_under(persons: list[Person]) -> dict[int, str]:
    """Return what tells persons of one name apart: office or address."""
    words = {}
    for row in directory.person_rows(persons, current_user, today()):
        held = [contact_words(mandate.office) for mandate in [*row.present, *row.others]]
        words[row.person.id] = "; ".join(held or [address.email for address in row.addresses])
    return words


@bp.route("/<any(persons, institutions):listed>/<int:ident>/merge/<int:into>", methods=["GET", "POST"])
@writer
def merge_contacts(listed: str, ident: int, into: int) -> ResponseReturnValue:
    """Show what becomes of two records, then make one of them; a second press finds it done."""
    model = MODELS[listed]
    merged = directory.merged_into(model, ident)
    if merged is not None and merged == into:
        flash(_("They are one already."), "info")
        return redirect(contact_url(get_visible(model, into)))
    gone, kept = get_changeable(model, ident), get_visible(model, into)
    try:
        plan = preview_merge(kept, gone, current_user)
        choices, wrong = _chosen(plan)
        if wrong:
            flash(_("Not a valid choice."), "error")
        elif request.method == "POST" and is_as_seen(gone, kept, *plan.asked_about()):
            merge(kept, gone, choices, by=current_user, now=now())
            words = _("%(name)s is merged. If it was a mistake, undo it below.", name=contact_words(gone))
            return saved(kept, words)
    except CannotMerge as problem:
        flash(_problem_words(problem), "error")
        return redirect(url_for("contacts.find_double", listed=listed, ident=ident))
    page = render_template(
        "contacts/merge.html",
        seen=seen_versions(gone, kept, *plan.asked_about()),
        listed=listed,
        gone=gone,
        kept=kept,
        under=_under(gone, kept),
        plan=plan,
        chosen={question.name: choices.get(question.name, question.default) for question in plan.questions},
        moved=_counted(plan.moving()),
        left=_counted(plan.staying()),
        FIELD_WORDS=FIELD_WORDS,
        field_words=_field_words,
        words_of=_words_of,
        may_swap=kept.organisation_id == gone.organisation_id,
        networks=not may_change(kept),
    )
    return page, _status(wrong)


def _status(wrong: bool) -> int:
    if request.method != "POST":
        return 200
    return 422 if wrong else 409


def _chosen(plan: MergePlan) -> tuple[dict[str, MergeSide], bool]:
    """Return what was chosen by the name of its question, and whether something else than the two was sent."""
    sent = {question.name: request.form.get(question.name) for question in plan.questions}
    choices = {name: MergeSide(side) for name, side in sent.items() if side in set(MergeSide)}
    return choices, any(side is not None and name not in choices for name, side in sent.items())


def _field_words(question: Question) -> str:
    """Return what a question is about, with the office where it is about one."""
    fields = ", ".join(str(FIELD_WORDS[name]) for name in question.fields)
    about = question.kept
    return f"{contact_words(about)}: {fields}" if isinstance(about, Office) else fields


def _words_of(values: dict[str, Any]) -> str:
    """Return the values of fields that belong together in words; empty where there are none."""
    told = {name: value for name, value in values.items() if value not in (None, "")}
    return ", ".join(_value(name, value) for name, value in told.items())


def _value(name: str, value: Any) -> str:
    if name not in ("parent_id", "works_for_id"):
        return value_words(name, written(value))
    seen = select_visible(Institution, current_user).where(Institution.id == value)
    institution = db.session.scalars(seen).unique().first()
    return contact_words(institution) if institution else value_words(name, value)


def _under(*records: Person | Institution) -> dict[int, str]:
    return _persons_under([record for record in records if isinstance(record, Person)])


def _counted(rows: Counter[str]) -> list[tuple[str, int]]:
    other = _("Other records")
    counts: Counter[str] = Counter()
    for table, number in rows.items():
        counts[str(MERGED_ROWS.get(table, other))] += number
    return sorted(counts.items())


def _problem_words(problem: CannotMerge) -> str:
    return {
        "owners": _("They belong to two organisations. Only the network's record takes in another one."),
        "private": _(
            "A citizen belongs to the organisation that collected the data and cannot become the network's."
        ),
        "part": _("One is part of the other. Say first that it is not."),
    }.get(problem.reason, _("These two cannot be merged."))


@bp.post("/merges/<int:ident>/undo")
@writer
def undo(ident: int) -> ResponseReturnValue:
    """Make two records of one again."""
    row = get_changeable(Merge, ident)
    kept = get_visible(MODELS[row.kind], row.kept_id)
    if row.undone_at is not None:
        flash(_("This merge was undone already."), "info")
        return redirect(contact_url(kept))
    unmoved = undo_merge(row, by=current_user, now=now())
    if unmoved:
        words = ngettext(
            "%(num)d record was changed since and stays here.",
            "%(num)d records were changed since and stay here.",
            unmoved,
        )
        flash(words, "info")
    gone: Any = db.session.get(MODELS[row.kind], row.gone_id)
    if gone is None:
        abort(404)
    return saved(gone, _("They are two records again."))
