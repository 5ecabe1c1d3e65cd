"""Whom a letter is addressed to, in the Albanian dative: the whole vocabulary, and what the rule must not decline."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from pop_campaigns import archive
from pop_campaigns.core.dative import called, dative, in_gender

VOCABULARY = Path(archive.__file__).with_name("vocabulary.yaml")

# Each line was read as it stands on a letter.
ADDRESSES = [
    # The vocabulary and the record of 2020.
    ("Kryetar", "Bashkia Fier", "Kryetarit të Bashkisë Fier"),
    ("Kryetar", "Bashkia Malësi e Madhe", "Kryetarit të Bashkisë Malësi e Madhe"),
    ("Kryetar", "Bashkia Vau i Dejës", "Kryetarit të Bashkisë Vau i Dejës"),
    ("Kryetar", "Bashkia Fushë-Arrëz", "Kryetarit të Bashkisë Fushë-Arrëz"),
    (
        "Kryetar i këshillit",
        "Këshilli Bashkiak Ura Vajgurore",
        "Kryetarit të Këshillit Bashkiak Ura Vajgurore",
    ),
    ("Prefekt", "Prefektura e Qarkut Fier", "Prefektit të Qarkut Fier"),
    ("Kryetar i Kuvendit", "Kuvendi i Shqipërisë", "Kryetarit të Kuvendit të Shqipërisë"),
    ("Kryeministër", "Kryeministria", "Kryeministrit"),
    ("Ministër", "Ministria e Drejtësisë", "Ministrit të Drejtësisë"),
    ("Ministër", "Ministria e Mbrojtjes", "Ministrit të Mbrojtjes"),
    (
        "Ministër",
        "Ministria e Bujqësisë dhe Zhvillimit Rural",
        "Ministrit të Bujqësisë dhe Zhvillimit Rural",
    ),
    (
        "Ministër",
        "Ministria e Infrastrukturës dhe Energjisë",
        "Ministrit të Infrastrukturës dhe Energjisë",
    ),
    (
        "Ministër",
        "Ministria për Evropën dhe Punët e Jashtme",
        "Ministrit për Evropën dhe Punët e Jashtme",
    ),
    ("Ministër", "Ministria e Turizmit dhe Mjedisit", "Ministrit të Turizmit dhe Mjedisit"),
    (
        "Deputet i qarkut Durrës",
        "Kuvendi i Shqipërisë",
        "Deputetit të qarkut Durrës në Kuvendin e Shqipërisë",
    ),
    (
        "Deputete e qarkut Durrës",
        "Kuvendi i Shqipërisë",
        "Deputetes së qarkut Durrës në Kuvendin e Shqipërisë",
    ),
    (
        "Kryetar i komisionit",
        "Komisioni për Punën, Çështjet Sociale dhe Shëndetësinë",
        "Kryetarit të Komisionit për Punën, Çështjet Sociale dhe Shëndetësinë",
    ),
    (
        "Zëvendëskryetare e komisionit",
        "Komisioni për Punën, Çështjet Sociale dhe Shëndetësinë",
        "Zëvendëskryetares së Komisionit për Punën, Çështjet Sociale dhe Shëndetësinë",
    ),
    (
        "Zyra e protokollit",
        "Agjencia Kombëtare e Mjedisit",
        "Zyrës së protokollit të Agjencisë Kombëtare të Mjedisit",
    ),
    (
        "",
        "Drejtoria Rajonale e Mjedisit pranë Qarkut Fier",
        "Drejtorisë Rajonale të Mjedisit pranë Qarkut Fier",
    ),
    # Others of their kind.
    ("Kryetare", "Bashkia Fier", "Kryetares së Bashkisë Fier"),
    ("Kryetari i Bashkisë", "Bashkia Fier", "Kryetarit të Bashkisë Fier"),
    ("Kryetarja", "Bashkia e Fierit", "Kryetares së Bashkisë së Fierit"),
    ("Kryetar bashkie", "Bashkia Fier", "Kryetarit të Bashkisë Fier"),
    ("KRYETAR", "BASHKIA MALËSI E MADHE", "Kryetarit të Bashkisë Malësi e Madhe"),
    ("kryetar", "Keshilli i Qarkut Fier", "Kryetarit të Këshillit të Qarkut Fier"),
    ("Kryetar i Bashkisë Fier", "Bashkia Fier", "Kryetarit të Bashkisë Fier"),
    ("Kryetar i Këshillit Bashkiak Fier", "Bashkia Fier", "Kryetarit të Këshillit Bashkiak Fier"),
    ("Sekretar", "Këshilli Bashkiak Fier", "Sekretarit të Këshillit Bashkiak Fier"),
    ("Këshilltare", "Këshilli Bashkiak Fier", "Këshilltares së Këshillit Bashkiak Fier"),
    ("Nënkryetar", "Bashkia Fier", "Nënkryetarit të Bashkisë Fier"),
    ("Zv. kryetar", "Bashkia Fier", "Zv. kryetarit të Bashkisë Fier"),
    ("Zëvendës-kryetar", "Bashkia Fier", "Zëvendës-kryetarit të Bashkisë Fier"),
    ("Nënkryetar për financat", "Bashkia Fier", "Nënkryetarit për financat në Bashkinë Fier"),
    ("Zëvendësministre", "Ministria e Mbrojtjes", "Zëvendësministres së Mbrojtjes"),
    ("Zv/Ministër", "Ministria e Mbrojtjes", "Zv/Ministrit të Mbrojtjes"),
    ("Ministër i Mbrojtjes", "Ministria e Mbrojtjes", "Ministrit të Mbrojtjes"),
    ("Zëvendëskryeministër", "Kryeministria", "Zëvendëskryeministrit"),
    ("Nënprefekt", "Prefektura Fier", "Nënprefektit të Qarkut Fier"),
    (
        "Sekretare e Përgjithshme",
        "Ministria e Drejtësisë",
        "Sekretares së Përgjithshme të Ministrisë së Drejtësisë",
    ),
    (
        "Drejtor i Përgjithshëm",
        "Drejtoria e Përgjithshme e Policisë së Shtetit",
        "Drejtorit të Përgjithshëm të Drejtorisë së Përgjithshme të Policisë së Shtetit",
    ),
    ("Drejtoreshë", "Agjencia Kombëtare e Mjedisit", "Drejtoreshës së Agjencisë Kombëtare të Mjedisit"),
    (
        "Drejtor Ekzekutiv",
        "Fondi Shqiptar i Zhvillimit",
        "Drejtorit Ekzekutiv të Fondit Shqiptar të Zhvillimit",
    ),
    (
        "Drejtor i Financës dhe i Buxhetit",
        "Bashkia Fier",
        "Drejtorit të Financës dhe të Buxhetit në Bashkinë Fier",
    ),
    (
        "Koordinator për të Drejtën e Informimit",
        "Bashkia Fier",
        "Koordinatorit për të Drejtën e Informimit pranë Bashkisë Fier",
    ),
    (
        "Përgjegjës i Zyrës së Protokollit",
        "Bashkia Fier",
        "Përgjegjësit të Zyrës së Protokollit në Bashkinë Fier",
    ),
    ("Administratore", "Njësia Administrative Cakran", "Administratores së Njësisë Administrative Cakran"),
    ("Avokat i Popullit", "Avokati i Popullit", "Avokatit të Popullit"),
    (
        "Komisionere",
        "Komisioneri për të Drejtën e Informimit",
        "Komisioneres për të Drejtën e Informimit",
    ),
    ("Prokuror i Përgjithshëm", "Prokuroria e Përgjithshme", "Prokurorit të Përgjithshëm"),
    ("Prokuror", "Prokuroria e Rrethit Gjyqësor Fier", "Prokurorit të Rrethit Gjyqësor Fier"),
    ("President", "Presidenca e Republikës", "Presidentit të Republikës"),
    ("Kryetar", "Kontrolli i Lartë i Shtetit", "Kryetarit të Kontrollit të Lartë të Shtetit"),
    ("Kryetar", "Gjykata e Apelit Vlorë", "Kryetarit të Gjykatës së Apelit Vlorë"),
    ("Inspektor", "Inspektorati Shtetëror i Punës", "Inspektorit të Inspektoratit Shtetëror të Punës"),
    ("Rektore", "Universiteti i Tiranës", "Rektores së Universitetit të Tiranës"),
    ("Mjek", "Spitali Rajonal Fier", "Mjekut të Spitalit Rajonal Fier"),
    ("Kryeredaktor", "Gazeta “Dita e Re”", "Kryeredaktorit të Gazetës “Dita e Re”"),
    ("", "Bashkia Fier", "Bashkisë Fier"),
    ("", "Këshilli Bashkiak Fier", "Këshillit Bashkiak Fier"),
    ("", "Agjencia Kombëtare e Mjedisit", "Agjencisë Kombëtare të Mjedisit"),
    ("", "Ministria e Drejtësisë", "Ministrisë së Drejtësisë"),
    ("", "Komuna Cakran", "Komunës Cakran"),
    ("", "Instituti i Statistikave", "Institutit të Statistikave"),
    ("", "Komisioni Qendror i Zgjedhjeve", "Komisionit Qendror të Zgjedhjeve"),
    ("", "Autoriteti i Mediave Audiovizive", "Autoritetit të Mediave Audiovizive"),
    ("", "Lëvizja Rinore për Demokraci", "Lëvizjes Rinore për Demokraci"),
    ("", "Muzeu Kombëtar", "Muzeut Kombëtar"),
    ("", "Qendra “Aleanca Gjinore për Zhvillim”", "Qendrës “Aleanca Gjinore për Zhvillim”"),
]


@pytest.mark.parametrize(("title", "institution", "phrase"), ADDRESSES)
def test_addressed_in_one_phrase(title: str, institution: str, phrase: str) -> None:
    assert dative(title, institution) == phrase


@pytest.mark.parametrize(
    ("title", "institution"),
    [
        ("Kryetar", "Epoka e Re"),
        ("Kryetar", "Top Media sh.a."),
        ("Kryetar dhe drejtor", "Bashkia Fier"),
        ("Kryetar, Fier", "Bashkia Fier"),
        ("Kryetar i komisionit, deputet", "Kuvendi i Shqipërisë"),
        ("Kryetar – Komisioni i Ligjeve", "Kuvendi i Shqipërisë"),
        ("Kryetar grupi", "Kuvendi i Shqipërisë"),
        ("Ministër Shteti për Diasporën", "Kryeministria"),
        ("Kryetar i", "Bashkia Fier"),
        ("Kryetar", "Bashkia -"),
        ("Kryetar", "Partia Lëvizja Socialiste për Integrim"),
        ("Kryetar", "Shoqata Dritë e Jetë"),
        ("Kryetarit", "Bashkia Fier"),
        ("Mayor", "Bashkia Fier"),
        ("Zv.", "Bashkia Fier"),
        ("e", "i"),
        ("“", "“ “"),
        ("", ""),
    ],
)
def test_what_is_not_known_is_not_declined(title: str, institution: str) -> None:
    assert dative(title, institution) == ""


def test_all_of_the_vocabulary() -> None:
    vocabulary = yaml.safe_load(VOCABULARY.read_text("utf-8"))
    for county in vocabulary["counties"]:
        assert dative("Prefekt", f"Prefektura e Qarkut {county['county']}") == (
            f"Prefektit të Qarkut {county['county']}"
        )
        for place in (municipality["name"] for municipality in county["municipalities"]):
            assert dative("Kryetar", f"Bashkia {place}") == f"Kryetarit të Bashkisë {place}"
            council = f"Këshilli Bashkiak {place}"
            assert dative("Kryetar i këshillit", council) == f"Kryetarit të Këshillit Bashkiak {place}"
            assert dative("", council) == f"Këshillit Bashkiak {place}"
    for facts in vocabulary["of_the_state"]:
        assert all(dative(title, facts["institution"]) for title in facts["offices"])


@pytest.mark.parametrize(
    ("his", "hers"),
    [
        ("Kryetarit të Bashkisë Fier", "Kryetares së Bashkisë Fier"),
        ("Ministrit të Turizmit dhe Mjedisit", "Ministres së Turizmit dhe Mjedisit"),
        ("Ministrit për Evropën dhe Punët e Jashtme", "Ministres për Evropën dhe Punët e Jashtme"),
        ("Zëvendësministrit të Mbrojtjes", "Zëvendësministres së Mbrojtjes"),
        ("Zv. kryetarit të Bashkisë Fier", "Zv. kryetares së Bashkisë Fier"),
        (
            "Drejtorit të Përgjithshëm të Policisë së Shtetit",
            "Drejtores së Përgjithshme të Policisë së Shtetit",
        ),
        ("Drejtorit Ekzekutiv të Fondit Shqiptar", "Drejtores Ekzekutive të Fondit Shqiptar"),
        ("Kryeministrit", "Kryeministres"),
    ],
)
def test_a_woman_and_a_man_who_are_named(his: str, hers: str) -> None:
    assert in_gender(his, woman=True) == in_gender(hers, woman=True) == hers
    assert in_gender(hers, woman=False) == in_gender(his, woman=False) == his


def test_a_named_holder_decides_the_gender() -> None:
    assert dative("Kryetar", "Bashkia Fier", woman=True) == "Kryetares së Bashkisë Fier"
    assert dative("Kryetare", "Bashkia Fier", woman=False) == "Kryetarit të Bashkisë Fier"


@pytest.mark.parametrize("phrase", ["", " ", "Zyrës së protokollit", "të", "Zv.", "Kreut të Bashkisë Fier"])
def test_what_is_not_known_has_no_gender(phrase: str) -> None:
    assert in_gender(phrase, woman=True) == in_gender(phrase, woman=False) == phrase


@pytest.mark.parametrize(
    ("title", "his", "hers"),
    [
        ("Kryetar i këshillit", "Kryetar", "Kryetare"),
        ("Ministre", "Ministër", "Ministre"),
        ("zëvendësministër", "Zëvendësministër", "Zëvendësministre"),
        ("Drejtoreshë e Përgjithshme", "Drejtor", "Drejtoreshë"),
        ("Zyra e protokollit", "", ""),
        ("Mayor", "", ""),
    ],
)
def test_by_what_a_holder_is_spoken_to(title: str, his: str, hers: str) -> None:
    assert (called(title, woman=False), called(title, woman=True)) == (his, hers)
