"""Who may see a person may see their traces, nobody else: every page and file, for everybody, with a word in every field."""

from __future__ import annotations

import ast
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from pop_campaigns.accounts.guard import is_public
from pop_campaigns.contacts.rules import PersonKind
from pop_campaigns.contacts.services.merging import merge
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.history import note
from pop_campaigns.events.models.events import Attendance
from pop_campaigns.invitations.models.invitations import Invitation
from tests import factories
from tests.house.canaries import Canaries, leave_traces, tables_of_persons
from tests.house.conftest import MakeOnce
from tests.house.test_sources import modules
from tests.house.world import address, arguments, make_world, rules

Browse = Callable[[Any], FlaskClient]

# How the words begin, of the organisation's own event and of the network's.
MARKS = ("knfier", "knrrjet")
# Tables that hang on a person but hold nobody's words, each with its reason.
WORDLESS = {
    "mandates": "who holds an office is no citizen in it",
    "attendances": "office-holders; the one without an office has a test of its own",
    "list_members": "no text",
    "stems_of_persons": "asked whether they are there, shown nowhere",
    "invitation_mails": "no text",
    "reminders": "no text",
    "guest_message_mails": "no text",
    "handed_links": "a secret and the name of a colleague",
}


@pytest.fixture
def scene(make_once: MakeOnce, cast: SimpleNamespace) -> SimpleNamespace:
    """Fier's citizens at Fier's event and at the network's, with words that say at which."""
    return make_once("sight", lambda: make_scene(make_world(cast)))


def make_scene(world: SimpleNamespace) -> SimpleNamespace:
    cast, (own, shared) = world.cast, map(Canaries, MARKS)
    event = factories.make_event(None, title_sq="Takim i rrjetit", title_en="Meeting of the network")
    traces = [
        leave_traces(cast, own, world.event, cast.fier),
        leave_traces(cast, shared, event, cast.fier),
    ]
    db.session.commit()
    worlds = [SimpleNamespace(**(vars(world) | vars(trace))) for trace in traces]
    return SimpleNamespace(cast=cast, worlds=worlds, words=own.words | shared.words, traces=traces)


@pytest.mark.parametrize("who", ["nobody", "eva", "clirim"])
def test_nobody_else_sees_a_word_of_it(app: Flask, scene: SimpleNamespace, sign_in: Browse, who: str) -> None:
    browser = app.test_client() if who == "nobody" else sign_in(getattr(scene.cast, who))
    leaks = {
        f"{scene.words[word]} at {url}"
        for url, seen in everything(app, browser, scene)
        for word in words_in(seen, scene.words)
    }
    assert sorted(leaks) == []


def test_their_own_organisation_sees_it_all(app: Flask, scene: SimpleNamespace, sign_in: Browse) -> None:
    browser = sign_in(scene.cast.arta)
    shown = [(url, words_in(page, scene.words)) for url, page in everything(app, browser, scene)]
    seen = {word for _url, words in shown for word in words}
    faults = {scene.words[word] for url, words in shown if "?q=" in url for word in words}
    assert faults >= FOUND, "the beginning of all words finds what each word would"
    unseen = set(scene.words.values()) - {scene.words[word] for word in seen}
    assert unseen == SHOWN_NOWHERE
    for mark in MARKS:
        named = [scene.words[word] for word in seen if word.startswith(mark)]
        assert {
            "persons.name",
            "invitations.name",
            "given_answers.note",
            "attachment.content",
            "scan",
        } <= set(named)


# No page shows these: the rest must be seen, so that the tests above can fail.
SHOWN_NOWHERE = {
    "history.details[to]",
    "incoming_mails.calendar[comment]",
    "incoming_mails.envelope_from",
    "incoming_mails.raw",  # given by a press, to who may change all it belongs to
    "outgoing_mails.fields[brace]",
    "outgoing_mails.fields[said]",  # in reminders to those who come alone
    "time_proposals.decided_by",
    "persons.name_key_first",
    "persons.name_key_last",
    "persons.name_key_other",
}


def test_what_hangs_on_a_person_has_its_words_here(scene: SimpleNamespace) -> None:
    """A table added later that names a person or a guest has to be given words, or a reason."""
    assert tables_of_persons() - scene.traces[0].tables == set(WORDLESS)


def everything(app: Flask, browser: FlaskClient, scene: SimpleNamespace) -> Iterator[tuple[str, str]]:
    """Every address that a GET reaches, with what it answers: head, body, the parts of a workbook."""
    urls: dict[str, None] = {}
    for world in scene.worlds:
        values = arguments(world)
        for rule in rules(app, "GET"):
            # A personal link is its owner's own proof.
            if not (is_public(rule.endpoint) and rule.arguments & {"token", "wish"}):
                urls[address(app, rule, values)] = None
        urls |= dict.fromkeys(also(world, scene))
    for url in urls:
        answer = browser.get(url)
        yield url, f"{answer.headers}\n{readable(answer.data)}"


def also(world: SimpleNamespace, scene: SimpleNamespace) -> Iterator[str]:
    """What the map of addresses does not say: parts of a page, other endings, searches (in large letters: pages repeat them)."""
    for part in ("text", "html", "calendar", "source"):
        yield f"/mail/{world.mail.id}?part={part}"
        yield f"/mail/{world.silent.mails[0].mail.id}?part={part}"
    yield from (f"/mail/in/{world.came_in.id}{rest}" for rest in ("", "/original", "/attachments/0"))
    yield from (
        f"/people/{listed}.{ending}"
        for listed in ("persons", "institutions")
        for ending in ("csv", "xlsx", "vcf")
    )
    for guest in db.session.scalars(select(Invitation)):
        yield f"/events/{guest.event_id}?about={guest.id}"
        yield f"/events/{guest.event_id}/guests/withdraw?g={guest.id}"
    yield from (f"/mail?state={state}" for state in ("waiting", "sent", "failed"))
    yield from (f"/mail/in?show={state}" for state in ("matched", "held"))
    for mark in MARKS:
        yield from (f"{page}?q={mark.upper()}" for page in SEARCHES)


FOUND = {"persons.name", "outgoing_mails.to_address", "outgoing_mails.to_name", "mail_skeletons.subject"}
SEARCHES = ("/search", "/people/log", "/mail", "/people/persons", "/people", "/events", "/letters")


def readable(body: bytes) -> str:
    """Give a body as text; a workbook unpacked."""
    if body.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            return "\n".join(packed.read(name).decode("utf-8", "replace") for name in packed.namelist())
    return body.decode("utf-8", "replace")


def words_in(page: str, words: dict[str, str]) -> set[str]:
    digits = re.sub(r"(?<=\d) (?=\d)", "", page)
    return {word for word in words if word in page or (word.startswith("+") and word[4:] in digits)}


MODELS = frozenset(
    ("Person", "Invitation", "GivenAnswer", "TimeProposal", "InvitationMail", "OutgoingMail", "IncomingMail", "IncomingLink")
)  # fmt: skip
RULES = frozenset(
    (
        "visible", "get_visible", "get_changeable", "select_visible", "sees", "persons_found", "guests_seen", "mails_seen",
        "mails_of_work", "incoming_seen", "incoming_of_work", "sees_incoming", "sees_subject", "sees_mail", "seen_mail",
        "check_sight", "sight_of", "seen_among", "only_seen", "look_at", "in_sight",
    )
)  # fmt: skip
# Nobody looks at pages through these: commands, tasks, what a person's own controller does with all of their data.
NO_PAGES = ("archive", "worker", "mail", "privacy", "imports")


def choosing(tree: ast.Module) -> Iterator[tuple[str, bool]]:
    """Give each function that chooses rows of MODELS, and whether it asks the rule as well."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            calls = [one for one in ast.walk(node) if isinstance(one, ast.Call)]
            names = {getattr(call.func, "attr", getattr(call.func, "id", "")) for call in calls}
            chosen = {
                arg.id
                for call in calls
                for arg in call.args
                if getattr(call.func, "attr", getattr(call.func, "id", "")) in ("select", "get", "get_one")
                for arg in ast.walk(arg)
                if isinstance(arg, ast.Name)
            }
            if chosen & MODELS:
                yield node.name, bool(names & RULES)


# Who may choose rows without asking, and why: by module, or by function.
NEED_NOT_ASK = {
    "incoming/queries/deeds:answer_from": "of a guest whose page was opened",
    "incoming/services/matching": "finds to what a mail belongs; shows nothing",
    "incoming/services/proposals": "verbs",
    "incoming/services/receipts": "writes mails",
    "incoming/services/replying": "verbs",
    "incoming/services/undoing": "verbs",
    "incoming/tasks": "a task",
    "incoming/services/filing": "verbs",
    "invitations/queries/answers:open_proposal": "of the personal link's guest",
    "invitations/services/answers": "verbs",
    "invitations/services/addresses": "verbs",
    "contacts/models/contact_log:shown_to": "is the rule of the contact log",
    "contacts/queries/similar:persons_at": "the network's and the organisation's own, to ask whether somebody is there already",
    "contacts/queries/similar:persons_like": "the network's and the organisation's own, to ask whether somebody is there already",
    "contacts/queries/reach:persons_named": "the network's and the organisation's own, to say that somebody is there already",
    "letters/queries/recipients:letter_of_mails": "of mails that the caller may show",
    "letters/queries/recipients:mails_to": "for verbs: by which of its mails a letter arrived",
    "invitations/services/proposals:reopen_proposals": "a verb: of an event whose change was asked",
    "invitations/services/undoing:_invited_again": "a verb: of an event whose change was asked",
    "letters/services/resending:undo_elsewhere": "a verb: of a letter whose change was asked",
    "letters/queries/replies:unread_replies": "says of letters one may see that something is to be read",
    "tryout/views/as_guest:said_sent": "tries out one's own mails, which the local mailbox has looked at",
    "desk/queries/mail_about:about_mails": "of mails that the caller may show",
    "desk/queries/events:events_to_remind": "gives events",
    "desk/queries/events:guests_not_told": "counts",
    "desk/queries/events:ties_of": "counts",
    "desk/services:delete_event": "a list of guests none of whom was told, which goes with the event",
    "desk/views/mail:_mail_among": "of a choice that asked",
    "desk/views/search:_persons": "of a choice that asked",
    "incoming/views/originals:_all_changeable": "gives one yes or no; stricter than the rule",
    "incoming/queries/proposals:_undecided": "open_proposals asks, proposed_at asks",
    "incoming/queries/proposals:mail_of": "the page asks before it links",
    "incoming/queries/proposals:proposals_of": "of a guest whose page was opened",
    "incoming/queries/proposals:standing": "one number",
    "contacts/queries/mailable:asked_persons": "of persons that the caller may show",
    "invitations/queries/picks:_invited_lately": "gives numbers, whose contacts are looked up within sight",
    "invitations/queries/agenda:count_older_agendas": "counts",
    "invitations/queries/agenda:has_guests": "gives one yes or no",
    "invitations/queries/answers:answers_of": "of guests that the caller may show, and for verbs",
    "invitations/queries/answers:latest_answer": "of the personal link's guest, and for verbs",
    "invitations/queries/answers:latest_answers": "of guests that in_sight parts",
    "invitations/queries/answers:count_without_substitute": "counts",
    "invitations/queries/guests:_newest_mails": "of guests that in_sight parts",
    "invitations/queries/guests:awaiting_answer": "the work list names those that seen_among gives",
    "invitations/queries/guests:counts_for": "counts",
    "invitations/queries/guests:event_of_mails": "of mails that the caller may show",
    "invitations/queries/guests:find_by_token": "the personal link is the proof",
    "invitations/queries/guests:guests_of": "pages part them by in_sight or only_seen",
    "invitations/queries/guests:guests_proposing": "gives numbers",
    "invitations/queries/guests:mails_of": "of guests that the caller may show",
    "invitations/services/holding:_hold_paused": "for the worker",
    "invitations/services/pausing:mails_of_event": "counts, and for verbs",
    "invitations/services/sending:withdraw_guests": "reads anew what the caller chose",
    "invitations/services/settling:settle_mails": "for the worker",
    "invitations/services/holding:hold_back": "for the worker",
    "invitations/services/undoing:_answered": "for verbs",
    "invitations/services/undoing:_untold": "for verbs",
    "invitations/queries/reminders:reminders_claimed": "for the worker",
    "invitations/queries/reminders:reminded_today": "for verbs",
    "invitations/queries/reminders:states_of_rules": "counts",
    "invitations/services/reminders:_forget_undone": "for verbs",
    "invitations/queries/told:lock_mails": "for verbs",
    "invitations/queries/told:waiting_mails": "for verbs",
}


def test_whoever_chooses_rows_for_a_page_asks_the_rule() -> None:
    bare = set()
    for name, path, tree in modules():
        module = name.removeprefix("pop_campaigns/").removesuffix(".py")
        if path.parts[path.parts.index("pop_campaigns") + 1] not in NO_PAGES and module not in NEED_NOT_ASK:
            bare |= {f"{module}:{function}" for function, asks in choosing(tree) if not asks}
    assert bare == {one for one in NEED_NOT_ASK if ":" in one}, "ask invitations.sight, or say here why not"


def test_a_choice_that_does_not_ask_is_recognised() -> None:
    bare = "def f():\n    return select(func.count(Invitation.id)).where(Invitation.id == 1)"
    asks = "def g(user):\n    return select(Invitation).where(guests_seen(user))"
    assert list(choosing(ast.parse(f"{bare}\n{asks}"))) == [("f", False), ("g", True)]


GIVES_A_FILE = ("give_stored", "send_file", "give_file", "show_pdf", "attachment_under_limits")
# Beside the rules: by a mail that is seen, a personal link, or because everybody may have it.
LOOKS_UP = {"delivered", "seen_mail", "guest_behind", "find_public_event", "find_by_link"}


def test_every_download_asks_who_may_have_it() -> None:
    """A view that hands out a file looks up the record it hangs on within sight."""
    bare = []
    for name, _path, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and any(
                "get" in ast.dump(one) for one in node.decorator_list
            ):
                names = {
                    getattr(one.func, "attr", getattr(one.func, "id", ""))
                    for one in ast.walk(node)
                    if isinstance(one, ast.Call)
                }
                if names & set(GIVES_A_FILE) and not names & (RULES | LOOKS_UP):
                    bare.append(f"{name}:{node.name}")
    assert bare == []


def test_an_event_of_several_organisations_names_to_each_its_own(
    scene: SimpleNamespace, sign_in: Browse
) -> None:
    cast, event = scene.cast, scene.traces[1].event
    theirs = factories.make_person("Qytetare e Vlorës", kind=PersonKind.CITIZEN, organisation=cast.vlore)
    guest = factories.make_invitation(event, person=theirs, name=theirs.name, address="qv@x.example")
    guest.office, guest.office_title, guest.institution_name = None, "", ""
    factories.make_invitation(event, factories.make_office("Prefekt i Vlorës", organisation=cast.vlore))
    db.session.commit()
    pages = {
        name: sign_in(getattr(cast, name)).get(f"/events/{event.id}").text
        for name in ("arta", "clirim", "eva", "drita")
    }
    mine, own_words = "Qytetare e Vlorës", "knrrjet"
    seen = {name: (mine in page, own_words in page) for name, page in pages.items()}
    assert seen == {
        "arta": (False, True), "clirim": (True, False), "eva": (False, False), "drita": (True, True),
    }  # fmt: skip
    citizens = {name: re.findall(r"(\d) qytetarë?:", page) for name, page in pages.items()}
    assert citizens == {"arta": ["1"], "clirim": ["2"], "eva": ["3"], "drita": []}
    assert "1 i ftuar i një organizate tjetër" in pages["arta"]
    assert "Prefekt i Vlorës" in pages["clirim"] and "Prefekt i Vlorës" in pages["eva"]


def test_who_attended_without_an_office_is_named_at_home_only(
    scene: SimpleNamespace, sign_in: Browse
) -> None:
    event = scene.traces[1].event
    for number, title in enumerate(("Kryetar", "")):
        who = f"I pranishmi {number}"
        db.session.add(Attendance(event=event, position=number, name=who, office_title=title))
    db.session.commit()
    for name, sees in (("drita", True), ("arta", False), ("eva", False), ("clirim", False)):
        page = sign_in(getattr(scene.cast, name)).get(f"/events/{event.id}").text
        assert ("I pranishmi 0" in page, "I pranishmi 1" in page) == (True, sees), name
        assert ("Edhe 1 person" in page) is not sees


def test_a_citizen_who_was_merged_is_not_named_to_readers(scene: SimpleNamespace, sign_in: Browse) -> None:
    cast = scene.cast
    kept = factories.make_person("Gazetarja", kind=PersonKind.JOURNALIST, organisation=cast.fier)
    gone = factories.make_person("Dikur Qytetare", kind=PersonKind.CITIZEN, organisation=cast.fier)
    note("person.changed", gone, by=cast.arta, now=now(), name="Dikur Qytetare", organisation_id=cast.fier.id)
    merge(kept, gone, by=cast.arta, now=now())
    db.session.commit()
    for name, sees in (("arta", True), ("eva", False)):
        page = sign_in(getattr(cast, name)).get(f"/people/persons/{kept.id}")
        assert page.status_code == 200
        assert ("Dikur Qytetare" in page.text) is sees, name


def test_an_event_that_changed_hands_takes_no_citizen_along(
    app: Flask, scene: SimpleNamespace, sign_in: Browse
) -> None:
    """Vlorë works with what was Fier's event: mails still go to everybody, but nobody there reads whom Fier asked."""
    world = scene.worlds[0]
    world.event.organisation_id = scene.cast.vlore.id
    world.mail.organisation_id = world.came_in.organisation_id = scene.cast.vlore.id
    world.silent.mails[0].mail.organisation_id = world.incoming.organisation_id = scene.cast.vlore.id
    db.session.commit()
    browser, event = sign_in(scene.cast.clirim), world.event.id
    pages = ("", "/invite", "/invite/message", "/invite/send", "/remind", "/announce", "/cancel")
    for page in (*(f"/events/{event}{other}" for other in pages), "/today", "/mail", "/mail/in"):
        answer = browser.get(page)
        assert answer.status_code == 200, page
        # What was typed into the event's own history by its former people has no owner of its own.
        leaks = {scene.words[word] for word in words_in(answer.text, scene.words)} - {
            "history.details[guest]"
        }
        assert leaks == set(), page
    for page in ("by-hand", "address", "withdraw", "preview", f"answers/{world.answer.id}/scan"):
        assert browser.get(f"/invitations/{world.invitation.id}/{page}").status_code == 404, page
    for page in (
        f"/mail/{world.mail.id}",
        f"/mail/in/{world.incoming.id}",
        f"/mail/in/proposals/{world.proposal.id}",
    ):
        assert browser.get(page).status_code == 404, page
