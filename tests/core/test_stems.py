"""Words in all their forms have a stem in common; words that mean something else have none; the vocabulary both ways."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop_campaigns.archive.vocabulary_file import shipped_vocabulary
from pop_campaigns.core.dative import dative
from pop_campaigns.core.stems import LONGEST, stems_asked, stems_in
from pop_campaigns.core.text import fold, search_words

FAMILIES = """
    prefekt prefekti prefektit prefektin prefektë prefektët prefektëve prefektja
    bashki bashkia bashkisë bashkinë bashkitë bashkive
    ministri ministria ministrisë ministrinë ministritë ministrive
    ministër ministri ministrit ministrin ministra ministrat ministrave ministre ministrja ministres
    kryetar kryetari kryetarit kryetarin kryetare kryetarja kryetares kryetaren kryetarët kryetarëve
    drejtor drejtori drejtorit drejtore drejtorja drejtoreshë drejtoresha drejtoreshës drejtorët
    drejtori drejtoria drejtorisë drejtorinë drejtoritë drejtorive
    sekretar sekretari sekretarit sekretare sekretarja
    këshill këshilli këshillit këshillin këshillat këshillave këshillet
    deputet deputeti deputetit deputete deputetja deputetë
    përgjegjës përgjegjësi përgjegjësit përgjegjëse përgjegjësja
    punonjës punonjësi punonjësit punonjëse punonjësve
    përgjithshëm përgjithshme përgjithshmit përgjithshmes
    jashtëm jashtme jashtmit
    qark qarku qarkut qarkun qarqe qarqet qarqeve
    park parku parkut parqe parqeve
    treg tregu tregut tregjet tregjeve
    popull popullit popullin popujve
    çështje çështja çështjes çështjet çështjeve
    mbrojtje mbrojtja mbrojtjes mbrojtjen
    punë puna punës punët punëve
    lumë lumi lumit lumenj lumenjve
    ujë uji ujit ujëra ujërave
    emër emri emrit emra emrave
    fshat fshati fshatit fshatra fshatrat fshatrave
    rrugë rruga rrugës rrugët rrugëve
    kërkesë kërkesa kërkesës kërkesat
    zonjë zonja zonjës
    radio radioja radios radion
    veri veriu veriut
    Fier Fieri Fierit Fierin
    Tiranë Tirana Tiranës Tiranën
    Dibër Dibra Dibrës Dibrën
    Mat Mati Matit Matin
    Kamëz Kamza Kamzës
    Kavajë Kavaja Kavajës
    Dejë Deja Dejës
    Vau Vaut
    Hoxha Hoxhë Hoxhës Hoxhën
    Meta Metës Metën
    Prift Prifti Priftit Priftin
    Berisha Berishës
    Gjon Gjoni Gjonit
    Arben Arbeni Arbenit
    Besnik Besniku Besnikut
    Marko Markos Markon Markoja
    Lidia Lidias
    Ana Anës Anën
    Edi Edit
    D’Angelo D'Angelo dangelo D’Angelos
"""
APART = """
    ministrisë ministrit
    ministria ministër
    drejtorisë drejtorit
    sekretarisë sekretarin
    prefekti prefektura
    bashkisë bashkiak
    këshilli këshilltari
    kryetari nënkryetari
    kryetari kryeministri
    Berati Bera
    Përmeti Perma
    Kurbini Kurba
    Hoxha Hoxhaj
    Meta Metaj
    Korça korçari
    Mark Marko
    Edi Eda
    Ana Ani
"""


def lines(text: str) -> list[list[str]]:
    return [line.split() for line in text.strip().splitlines()]


def finds(typed: str, stored: str) -> bool:
    """Return whether every word of a search has a stem of what is stored, as the database asks it."""
    kept = stems_in(stored)
    return all(kept & stems for word in search_words(typed) for stems in stems_asked(word))


@pytest.mark.parametrize("family", lines(FAMILIES), ids=lambda family: family[0])
def test_every_form_finds_every_other(family: list[str]) -> None:
    apart = [pair for pair in combinations(family, 2) if not finds(*pair) or not finds(*reversed(pair))]
    assert apart == []


@pytest.mark.parametrize("pair", lines(APART), ids=" ".join)
def test_others_keep_apart(pair: list[str]) -> None:
    assert not finds(*pair) and not finds(*reversed(pair))


def cases(definite: str) -> list[str]:
    """Return a definite name in its other cases, its first word declined (*Vlora*: *Vlorës*, *Vlorën*)."""
    word, _space, rest = definite.partition(" ")
    rest = f" {rest}" if rest else ""
    if word.endswith("ia"):
        return [f"{word[:-1]}së{rest}", f"{word[:-1]}në{rest}"]
    if word.endswith("a"):
        return [f"{word[:-1]}{case}{rest}" for case in ("ës", "ën")]
    return [f"{word}{case}{rest}" for case in ("t", "n")]


def test_each_municipality_is_found_in_every_form_and_no_other_with_it() -> None:
    places = shipped_vocabulary().places
    assert len(places) == 61
    for place in places:
        forms = [place.name, place.definite, *cases(place.definite)]
        for form in (*forms, *map(fold, forms), *map(str.upper, forms)):
            found = [other.name for other in places if finds(form, other.name)]
            by_definite = [other.name for other in places if finds(form, other.definite)]
            assert found == by_definite == [place.name], form


def test_each_institution_and_office_is_found_in_every_case() -> None:
    for facts in shipped_vocabulary().institutions:
        assert finds(facts.name, facts.name)
        for form in cases(facts.name):
            assert finds(form, facts.name), form
        for office in facts.offices:
            for form in (f"{office}i i {facts.name}", f"{office}it të {cases(facts.name)[0]}"):
                assert finds(form, f"{office} {facts.name}"), form


def test_what_the_service_itself_writes_in_the_dative_is_found_by_it() -> None:
    for facts in shipped_vocabulary().institutions:
        for office in facts.offices:
            for woman in (False, True):
                written = dative(office, facts.name, woman=woman)
                assert written
                assert finds(written, f"{office} {facts.name}"), written


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("kryetari i bashkisë së Fierit", "Kryetar, Bashkia Fier"),
        ("Ministrisë së Evropës", "Ministria për Evropën dhe Punët e Jashtme"),
        ("vau–dejes", "Zef Vau-Dejës"),
        ("Vau i Dejës", "Zef Vau-Dejës"),
        ('"Ujit & rrugës"', "Përballje prove “Ujë & rrugë”"),
    ],
)
def test_phrases(typed: str, stored: str) -> None:
    assert finds(typed, stored)


@pytest.mark.parametrize("word", ["12/2026", "%%%", "", "'", "-", "&", "069", "٣٤"])
def test_what_has_no_letter_asks_for_no_stem(word: str) -> None:
    assert stems_asked(word) == []


@given(st.text(st.sampled_from("abcdeghijklmnoqrstuvxyz'-. 19ë") | st.characters(), max_size=80))
def test_whatever_is_typed_has_stems_that_can_be_kept(typed: str) -> None:
    stems = stems_in(typed)
    assert all(stem and len(stem) <= LONGEST for stem in stems)
    assert all(asked & stems for word in fold(typed).split() for asked in stems_asked(word))
