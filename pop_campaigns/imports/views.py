"""Pages of imports: choose a file, say what its columns mean, look the rows over, bring them in, take them back."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_security import current_user
from werkzeug.datastructures import FileStorage

from pop_campaigns.accounts.guard import writer
from pop_campaigns.accounts.scope import NoOrganisation
from pop_campaigns.accounts.views.sent_before import form_made, sent_once
from pop_campaigns.contacts.words.contacts import for_templates
from pop_campaigns.core.clock import local_date, now
from pop_campaigns.core.db import db
from pop_campaigns.core.file_pages import make_room
from pop_campaigns.core.meanwhile import meet_changes
from pop_campaigns.core.numbers import row_number
from pop_campaigns.core.pages import paged
from pop_campaigns.imports import words as labels
from pop_campaigns.imports.forms import LettersForm, SheetForm, UploadForm, columns_form
from pop_campaigns.imports.models import ContactImport, ImportRow
from pop_campaigns.imports.queries import (
    counts_of,
    day_orders,
    first_cells,
    first_rows,
    get_import,
    made_by,
    matched,
    named,
    select_imports,
    select_rows,
    uncertain_cells,
)
from pop_campaigns.imports.rules.encodings import SPOILED, UNSURE, as_read, readings
from pop_campaigns.imports.rules.headings import phone_uses
from pop_campaigns.imports.rules.states import BUSY, SAME, ImportState, RowDecision
from pop_campaigns.imports.rules.tables import LARGEST_UPLOAD, BadFile
from pop_campaigns.imports.services import imports as services
from pop_campaigns.imports.services.checking import differing, is_hard, reader_of
from pop_campaigns.imports.services.imports import WrongState
from pop_campaigns.imports.tasks import SMALL, carry_on
from pop_campaigns.mail.wake_up import wake_worker

bp = Blueprint("imports", __name__, url_prefix="/people/import")
bp.context_processor(for_templates)
bp.context_processor(lambda: {"import_steps": labels.import_steps})
# Room for a file a little too large, so that it is refused in words.
_BESIDE_THE_FILE: Final = 4 * 1024 * 1024
_ROWS_A_PAGE: Final = 50
_SHOWN: Final = ("errors", "matches", "all")
_DECISIONS: Final = frozenset(decision.value for decision in RowDecision)
make_room(bp, {"imports.new"}, LARGEST_UPLOAD, _BESIDE_THE_FILE)


@bp.get("")
@writer
def index() -> ResponseReturnValue:
    """Show what was brought in from files, newest first."""
    return render_template(
        "imports/index.html", page=paged(select_imports(current_user)), STATE_CHIPS=labels.STATE_CHIPS
    )


@bp.route("/new", methods=["GET", "POST"])
@writer
@sent_once
def new() -> ResponseReturnValue:
    """Show the form for a file; take one in."""
    form = UploadForm()
    if form.is_submitted():
        upload = form.file.data
        if isinstance(upload, FileStorage) and upload.filename:
            try:
                return _taken(upload, form.once.data or "")
            except BadFile as refused:
                db.session.rollback()
                form.file.errors = [labels.file_words(refused.reason, refused.row)]
            except NoOrganisation:
                abort(404)
        else:
            form.file.errors = [str(labels.FILE_PROBLEMS["missing"])]
    return render_template("imports/new.html", form=form), 422 if form.file.errors else 200


def _taken(handed: FileStorage, once: str) -> ResponseReturnValue:
    who = current_user._get_current_object()
    imported = services.create_import(handed.stream, handed.filename or "", once, by=who, now=now())
    page = url_for("imports.show", import_id=imported.id)
    form_made(imported, page=page)
    db.session.commit()
    return redirect(page)


@bp.route("/<int:import_id>/columns", methods=["GET", "POST"])
@writer
def columns(import_id: int) -> ResponseReturnValue:
    """Say what the columns mean, and what holds for all rows."""
    imported = get_import(import_id)
    if imported.state not in (ImportState.UPLOADED, ImportState.CHECKED):
        return redirect(url_for("imports.show", import_id=import_id))
    if imported.sheet is None:
        return redirect(url_for("imports.sheet", import_id=import_id))
    mapping = {f"column-{n}": what.value for n, what in reader_of(imported, now()).mapping.items()}
    form = columns_form(imported.columns)(data=_options_before(imported) | mapping)
    form.today, version = local_date(now()), imported.version
    meet_changes(form, imported)
    form.read_columns(len(imported.columns))
    form.read_days(*day_orders(imported, form.columns))
    if form.validate_on_submit():
        return _change(
            imported,
            lambda locked: services.set_columns(locked, form.columns, form.options(), version=version),
        )
    samples = first_cells(first_rows(imported), len(imported.columns))
    told_uses = set(phone_uses(imported.columns, form.columns).values())
    page = render_template(
        "imports/columns.html",
        form=form,
        letters=_letters_form(imported),
        letters_doubted=_letters_doubted(imported),
        sheet=next((info for info in imported.sheets if info["number"] == imported.sheet), None),
        imported=imported,
        samples=samples,
        told_uses=told_uses,
        unused=[n for n, cells in enumerate(samples) if cells and n not in {*form.columns, *told_uses}],
        FIELDS=labels.FIELDS,
    )
    return page, 422 if form.errors else 200


def _uncertain(imported: ContactImport) -> list[str]:
    return uncertain_cells(imported) if imported.encoding in UNSURE else []


def _letters_form(imported: ContactImport) -> LettersForm | None:
    """Return the form that asks how letters are right; None where there is one way to read them."""
    ways = readings(_uncertain(imported))
    if len(ways) < 2:
        return None
    form = LettersForm()
    form.offer(ways, imported.encoding)
    return form


def _letters_doubted(imported: ContactImport) -> bool:
    """Return whether nothing speaks for the encoding guessed: no letter of Albanian, or one that is none."""
    cells = "".join(as_read(cell, imported.encoding) for cell in _uncertain(imported))
    return SPOILED in cells or not set("ëçËÇ") & set(cells)


@bp.post("/<int:import_id>/letters")
@writer
def letters(import_id: int) -> ResponseReturnValue:
    """Read the file in another encoding."""
    imported = get_import(import_id)
    form = _letters_form(imported)
    if form is None or not form.validate_on_submit():
        return _gone_on(import_id)
    return _change(
        imported,
        lambda locked: services.choose_encoding(locked, form.letters.data),
        endpoint="imports.columns",
    )


@bp.route("/<int:import_id>/sheet", methods=["GET", "POST"])
@writer
def sheet(import_id: int) -> ResponseReturnValue:
    """Ask which sheet of a workbook holds the contacts; take it."""
    imported = get_import(import_id)
    if not imported.sheets or imported.state not in (ImportState.UPLOADED, ImportState.CHECKED):
        return redirect(url_for("imports.show", import_id=import_id))
    form = SheetForm(data={"sheet": "" if imported.sheet is None else str(imported.sheet)})
    form.offer(imported.sheets)
    if form.validate_on_submit():
        return _change(
            imported,
            lambda locked: services.choose_sheet(locked, int(form.sheet.data)),
            endpoint="imports.columns",
        )
    page = render_template("imports/sheet.html", form=form, imported=imported)
    return page, 422 if form.errors else 200


def _options_before(imported: ContactImport) -> dict[str, Any]:
    options = imported.options
    given_on = options.get("given_on")
    return {
        "kind": options.get("kind") or "other",
        "municipality": str(options.get("municipality_id") or ""),
        "language": options.get("language") or "sq",
        "consents": options.get("consents", []),
        "text_version": options.get("text_version", ""),
        "proof": options.get("proof", ""),
        "day_order": next(iter((options.get("day_orders") or {}).values()), None),
        "given_on": local_date(now()).fromisoformat(given_on) if given_on else None,
    }


@bp.get("/<int:import_id>")
@writer
def show(import_id: int) -> ResponseReturnValue:
    """Show where an import stands: its columns, its progress, its rows to be looked over, or what it made."""
    imported = get_import(import_id)
    if imported.state is ImportState.UPLOADED:
        return redirect(url_for("imports.columns", import_id=import_id))
    if imported.state in BUSY:
        return render_template("imports/progress.html", imported=imported, STATE_CHIPS=labels.STATE_CHIPS)
    if imported.state is ImportState.CHECKED:
        return _preview(imported)
    return render_template(
        "imports/result.html",
        imported=imported,
        made=made_by(imported),
        counts=counts_of(imported),
        kept=named(imported.kept),
        kept_count=imported.kept_count,
        WHY_KEPT=labels.WHY_KEPT,
        STATE_CHIPS=labels.STATE_CHIPS,
    )


def _preview(imported: ContactImport) -> str:
    counts = counts_of(imported)
    shown = request.args.get("show", "")
    if shown not in _SHOWN:
        shown = "errors" if counts["errors"] else "matches" if counts["matches"] else "all"
    page = paged(select_rows(imported, shown), size=_ROWS_A_PAGE)
    reader = reader_of(imported, now())
    lines = [(row, reader.read(row.cells), _choices(row)) for row in page.items]
    return render_template(
        "imports/preview.html",
        imported=imported,
        counts=counts,
        shown=shown,
        page=page,
        lines=lines,
        differing=differing(imported, [(row, draft) for row, draft, _choices in lines], reader.today),
        near=imported.options.get("near") or [],
        SAME=SAME,
        FIELDS=labels.FIELDS,
        matched=matched(list(page.items)),
        error_words=labels.error_words,
        note_words=labels.note_words,
        MATCH_REASONS=labels.MATCH_REASONS,
    )


def _choices(row: ImportRow) -> list[tuple[RowDecision, Any]]:
    if is_hard(row.errors):
        return []
    return [
        (decision, labels.UNCHANGED if decision is RowDecision.SKIP and row.match_reason == SAME else words)
        for decision, words in labels.DECISIONS.items()
        if decision is not RowDecision.UPDATE or row.match_id is not None
    ]


@bp.post("/<int:import_id>/rows")
@writer
def rows(import_id: int) -> ResponseReturnValue:
    """Keep what was chosen for the rows shown; then, by the button pressed, choose for all matches or bring in."""
    imported = get_import(import_id)
    choices, shown_before = _decisions("row-"), _decisions("was-")
    do = request.form.get("do", "save")

    def change(locked: ContactImport) -> None:
        otherwise = services.decide(locked, choices, shown_before)
        if otherwise:
            numbers = ", ".join(str(number) for number in otherwise)
            flash(
                _(
                    "Decided otherwise meanwhile, and left so: row %(rows)s. Look, then press again.",
                    rows=numbers,
                ),
                "warning",
            )
        elif do == "run":
            services.start_run(locked, by=current_user, now=now())
        elif do in ("update", "skip"):
            number = services.decide_matches(locked, RowDecision(do))
            flash(ngettext("Chosen for %(num)s row.", "Chosen for %(num)s rows.", number), "success")

    return _change(imported, change, **({} if do == "run" else _shown_next()))


def _shown_next() -> dict[str, Any]:
    """Return which rows are shown next: those of the tab or page pressed (``go``), else the same again."""
    go = request.form.get("go", "")
    if go in _SHOWN:
        return {"show": go}
    page = go.removeprefix("page-") if go.startswith("page-") else request.form.get("page")
    return {"show": request.form.get("show"), "page": page}


def _decisions(prefix: str) -> dict[int, RowDecision]:
    """Return by row what the form says under names of a prefix."""
    fields = (
        (name.removeprefix(prefix), value) for name, value in request.form.items() if name.startswith(prefix)
    )
    return {
        int(ident): RowDecision(value)
        for ident, value in fields
        if row_number(ident) is not None and value in _DECISIONS
    }


@bp.post("/<int:import_id>/names")
@writer
def names(import_id: int) -> ResponseReturnValue:
    """Keep which names of institutions and offices are the same as others; look the rows over anew."""
    imported = get_import(import_id)
    fields = request.form.items()
    choices = {
        number: value == "there"
        for name, value in fields
        if name[:5] == "name-" and (number := row_number(name[5:])) is not None
    }
    asked = row_number(request.form.get("asked", "")) or 0
    return _change(imported, lambda locked: services.choose_names(locked, choices, asked))


@bp.route("/<int:import_id>/undo", methods=["GET", "POST"])
@writer
def undo(import_id: int) -> ResponseReturnValue:
    """Take a whole import back; before, say what will happen."""
    imported = get_import(import_id)
    if request.method == "POST":
        return _change(imported, lambda locked: services.start_undo(locked, by=current_user, now=now()))
    if imported.state not in (ImportState.DONE, ImportState.FAILED):
        return redirect(url_for("imports.show", import_id=import_id))
    return render_template("imports/undo.html", imported=imported, made=made_by(imported))


@bp.post("/<int:import_id>/again")
@writer
def again(import_id: int) -> ResponseReturnValue:
    """Let an import that stopped go on."""
    return _change(get_import(import_id), services.try_again)


@bp.post("/<int:import_id>/discard")
@writer
def discard(import_id: int) -> ResponseReturnValue:
    """Forget a file of which nothing was brought in."""
    imported = get_import(import_id)
    name = imported.file_name
    try:
        services.discard(imported, by=current_user, now=now())
    except WrongState:
        db.session.rollback()
        return _gone_on(import_id)
    db.session.commit()
    flash(_("“%(name)s” was put away; nothing of it was brought in.", name=name), "success")
    return redirect(url_for("imports.index"))


def _change(
    imported: ContactImport, change: Any, endpoint: str = "imports.show", **shown: Any
) -> ResponseReturnValue:
    """Do one thing with an import; then the work that follows, here if it is short, else by the worker."""
    ident = imported.id
    try:
        change(imported)
    except WrongState:
        db.session.rollback()
        return _gone_on(ident)
    busy, short = imported.state in BUSY, imported.total <= SMALL
    db.session.commit()
    if busy and short:
        carry_on(ident)
    elif busy:
        wake_worker()
    return redirect(url_for(endpoint, import_id=ident, **shown))


def _gone_on(ident: int) -> ResponseReturnValue:
    flash(_("This import has gone on meanwhile; here is where it stands."), "info")
    return redirect(url_for("imports.show", import_id=ident))
