"""Refusals and tombstones: known again by address, phone or name, for the purpose and the organisation meant."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from sqlalchemy import text

from pop_campaigns.contacts.refusals import (
    bury,
    erased_among,
    hash_of,
    lift_suppression,
    suppress,
    suppressed_among,
)
from pop_campaigns.contacts.rules import ConsentChannel, Purpose, TombstoneKind
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db

pytestmark = pytest.mark.both_databases

EMAIL, LINK = TombstoneKind.EMAIL, ConsentChannel.LINK


def test_a_refusal_counts_for_its_purpose_and_organisation_only(cast: SimpleNamespace) -> None:
    asked = ["Gazetar@medium.example", "tjeter@medium.example"]
    assert suppress("gazetar@MEDIUM.example", Purpose.EVENTS, cast.fier.id, channel=LINK, now=now())
    assert not suppress("gazetar@medium.example", Purpose.EVENTS, cast.fier.id, channel=LINK, now=now())
    assert suppressed_among(asked, Purpose.EVENTS, cast.fier.id) == {asked[0]}
    assert suppressed_among(asked, Purpose.NEWS, cast.fier.id) == set()
    assert suppressed_among(asked, Purpose.EVENTS, cast.vlore.id) == set()
    assert lift_suppression(asked[0], Purpose.EVENTS, cast.fier.id)
    assert not lift_suppression(asked[0], Purpose.EVENTS, cast.fier.id)
    assert suppressed_among(asked, Purpose.EVENTS, cast.fier.id) == set()


def test_who_refuses_the_whole_network_is_asked_by_none_of_its_members(cast: SimpleNamespace) -> None:
    suppress("a@medium.example", Purpose.EVENTS, None, channel=LINK, now=now())
    many = [f"n{number}@medium.example" for number in range(1200)]
    for organisation in (None, cast.fier.id, cast.vlore.id):
        assert suppressed_among(["a@medium.example", *many], Purpose.EVENTS, organisation) == {
            "a@medium.example"
        }


def test_both_spellings_of_a_refused_address_are_named(cast: SimpleNamespace) -> None:
    suppress("a@medium.example", Purpose.EVENTS, None, channel=LINK, now=now())
    assert suppressed_among(["A@medium.example", "a@medium.example"], Purpose.EVENTS, None) == {
        "A@medium.example",
        "a@medium.example",
    }


def test_who_was_erased_is_known_again_without_being_written_down(cast: SimpleNamespace) -> None:
    first = bury(EMAIL, "qytetar@posta.example", cast.fier.id, now=now())
    assert bury(EMAIL, "Qytetar@posta.example", cast.fier.id, now=now()) is first
    bury(TombstoneKind.NAME, "Çlirim Gjoka", cast.fier.id, now=now())
    db.session.commit()
    assert erased_among(EMAIL, ["QYTETAR@posta.example", "x@posta.example"], cast.fier.id) == {
        "QYTETAR@posta.example"
    }
    assert erased_among(EMAIL, ["qytetar@posta.example"], cast.vlore.id) == set()
    assert erased_among(TombstoneKind.NAME, ["clirim gjoka", "Çlirim"], cast.fier.id) == {"clirim gjoka"}
    written = str(db.session.execute(text("SELECT * FROM tombstones")).all())
    assert "qytetar" not in written.casefold()
    assert "gjoka" not in written.casefold()


def test_the_hash_cannot_be_guessed_without_the_key_of_the_database(cast: SimpleNamespace) -> None:
    one = hash_of(EMAIL, "a@b.example")
    assert one == hash_of(EMAIL, " A@b.example ")
    assert one != hash_of(TombstoneKind.NAME, "a@b.example")
    assert one != hash_of(EMAIL, "a@b.example", b"another key")
