"""Who may let a guest say something: a new door has to be named here, with what proves there who speaks."""

from __future__ import annotations

import ast

from pop_campaigns.incoming.rules.incoming import COUNTABLE
from pop_campaigns.incoming.words.labels import REVIEWS
from pop_campaigns.mail.rules import Review
from tests.house.test_sources import modules

DOORS = {
    "record_answer": {
        "pop_campaigns/invitations/views/answer.py",  # the personal link
        "pop_campaigns/invitations/views/by_hand.py",  # a coordinator of the event, who is named
        "pop_campaigns/invitations/services/calls.py",  # the same on the telephone, from the list of calls
        "pop_campaigns/incoming/services/calendar_answers.py",  # see let_count
        "pop_campaigns/incoming/services/recording.py",  # a coordinator who read the mail, who is named
    },
    "take_proposal": {"pop_campaigns/incoming/services/calendar_answers.py"},
    "let_count": {
        "pop_campaigns/incoming/services/calendar_answers.py",  # the guest's own address
        "pop_campaigns/incoming/services/counting.py",  # a coordinator's press, who is named
    },
    # What anybody can write finds a record; whoever asks for one more reason to look so does not act on it.
    "event_named": {"pop_campaigns/incoming/services/calendar_answers.py"},
    "guest_named": {
        "pop_campaigns/incoming/services/calendar_answers.py",
        "pop_campaigns/incoming/services/matching.py",  # of words at one guest's address, from another's: both are suggested
    },
    "sender_result": {
        "pop_campaigns/incoming/services/filing.py",
        "pop_campaigns/incoming/services/explaining.py",
    },
}


def test_every_door_by_which_a_guest_speaks_is_known() -> None:
    result: dict[str, set[str]] = {name: set() for name in DOORS}
    for module, _path, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
                if called in result:
                    result[called].add(module)
    assert result == DOORS


def test_an_answer_is_written_into_the_tables_only_behind_the_doors() -> None:
    """Nobody makes a row of an answer or a proposal, or sets what a guest said, beside them."""
    behind = {
        "GivenAnswer": {"pop_campaigns/invitations/services/answers.py"},
        "TimeProposal": {
            "pop_campaigns/incoming/services/proposals.py",
            "pop_campaigns/invitations/services/proposals.py",
        },
    }
    made: dict[str, set[str]] = {name: set() for name in behind}
    setting = set()
    for module, _path, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in made:
                made[node.func.id].add(module)
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                setting |= {module} if node.attr == "answered_at" else set()
    assert made == behind
    # Who is asked again has not answered yet.
    assert setting == {
        "pop_campaigns/invitations/services/answers.py",
        "pop_campaigns/invitations/services/guests.py",
    }


def test_every_reason_to_wait_has_its_words_and_is_weighed() -> None:
    assert set(REVIEWS) == set(Review)
    never = {
        Review.NOT_A_REPLY, Review.PROPOSES_TIME, Review.NO_TIME, Review.DAY_ONLY, Review.SAME_TIME, Review.NO_ANSWER,
        Review.OTHER_EVENT, Review.OLDER, Review.CONTRADICTS,
    }  # fmt: skip
    assert COUNTABLE | never == set(Review), "say of a new reason whether a person may look past it"
    assert not COUNTABLE & never
