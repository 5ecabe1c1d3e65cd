"""The register of purposes as it begins: what this service does with personal data, in Albanian, for people to put right.

A starting point for the person responsible and their lawyer (law 124/2024), never the last word.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SeedPurpose:
    """One entry of the register."""

    key: str
    name: str
    legal_basis: str
    data_subjects: str
    data_categories: str
    recipients: str
    retention: str
    safeguards: str


_SAFEGUARDS = (
    "Hyrje me llogari dhe role; çdo organizatë sheh vetëm kontaktet e veta dhe ato të rrjetit; historik i ndryshimeve;"
    " lidhje personale që nuk ruhen në bazën e të dhënave; kopje rezervë."
)

SEEDS = (
    SeedPurpose(
        "invitations",
        "Ftesa në veprimtari dhe përgjigjet e të ftuarve",
        "Interesi legjitim për titullarët e funksioneve publike dhe për gazetarët, të cilët mund të kundërshtojnë me një"
        " klikim; pëlqimi për qytetarët, aleatët dhe personat e tjerë",
        "Titullarë të funksioneve publike, gazetarë, ekspertë, aleatë, qytetarë",
        "Emri, detyra, institucioni, adresa e e-mailit, gjuha, përgjigjja, përfaqësuesi, shënimi",
        "Organizata që fton; askush tjetër. Të ftuarit e tjerë nuk shihen.",
        "Përgjigjet e qytetarëve bëhen anonime 30 ditë pas veprimtarisë; teksti i mesazheve fshihet pas 12 muajsh.",
        _SAFEGUARDS,
    ),
    SeedPurpose(
        "letters",
        "Shkresa zyrtare dhe ndjekja e afateve ligjore",
        "Ushtrimi i së drejtës së informimit (ligji 119/2014) dhe interesi legjitim",
        "Titullarë dhe zyra të institucioneve publike",
        "Emri, detyra, institucioni, adresa zyrtare, përgjigjja e dhënë",
        "Institucionet marrëse; shkresat mund të bëhen publike.",
        "Ruhen si korrespondencë zyrtare.",
        _SAFEGUARDS,
    ),
    SeedPurpose(
        "contacts",
        "Njerëzit (kontaktet)",
        "Interesi legjitim për titullarët e funksioneve publike dhe për gazetarët; pëlqimi për qytetarët, aleatët dhe personat"
        " e tjerë",
        "Titullarë, gazetarë, ekspertë, aleatë, qytetarë",
        "Emri, telefoni, adresat, funksionet, media ku punon, temat, karta e gazetarit, pëlqimet me provat e tyre, ç’u tha me"
        " telefon ose ballë për ballë (ditari i kontakteve)",
        "Organizata që i ka mbledhur; organizatat e tjera vetëm me pëlqim të posaçëm.",
        "Deri në fshirje me kërkesë të personit; rreshtat e importuar 30 ditë; provat e pëlqimeve 3 vjet pas tërheqjes.",
        _SAFEGUARDS,
    ),
    SeedPurpose(
        "news",
        "Lajme dhe buletine",
        "Pëlqimi, edhe i zyrtarëve dhe i gazetarëve",
        "Persona që e kanë kërkuar vetë",
        "Emri, adresa e e-mailit, gjuha, pëlqimi",
        "Askush",
        "Deri në tërheqjen e pëlqimit; çdo mesazh ka lidhjen për ta ndalur.",
        _SAFEGUARDS,
    ),
    SeedPurpose(
        "accounts",
        "Llogaritë e përdoruesve dhe historiku i punës",
        "Interesi legjitim: siguria dhe gjurmueshmëria",
        "Koordinatorë, administratorë, lexues",
        "Emri, adresa e e-mailit, roli, organizata, ç’është ndryshuar dhe kur",
        "Administratorët e rrjetit",
        "Sa kohë ekziston llogaria; historiku mbetet.",
        "Fjalëkalime të ruajtura vetëm si gjurmë argon2id; sesione që mbarojnë; kufizim i përpjekjeve për hyrje.",
    ),
    SeedPurpose(
        "erasures",
        "Kujtesa e fshirjeve dhe e refuzimeve",
        "Detyrim ligjor: respektimi i fshirjes dhe i kundërshtimit",
        "Persona të dhënat e të cilëve janë fshirë ose që kanë refuzuar mesazhe",
        "Vetëm gjurmë të koduara me çelës të adresës, telefonit ose emrit; asnjë emër",
        "Askush",
        "Pa afat: pa to personi do të rikthehej me importin e radhës.",
        "Gjurmët nuk lexohen pa çelësin e bazës së të dhënave.",
    ),
)

# What the register began with before, by purpose and field: who never changed it gets the present words.
FORMER = {
    ("invitations", "legal_basis"): (
        "Interesi legjitim për titullarët e funksioneve publike; pëlqimi për qytetarët dhe personat e tjerë",
    ),
    ("contacts", "legal_basis"): ("Interesi legjitim për funksionet publike; pëlqimi për personat e tjerë",),
    ("contacts", "data_categories"): (
        "Emri, telefoni, adresat, funksionet, media ku punon, temat, karta e gazetarit, pëlqimet me provat e tyre",
    ),
    ("news", "legal_basis"): ("Pëlqimi",),
}
