"""How programs begin the subjects of what they write by themselves, in the languages that come up: answers, absences."""

from __future__ import annotations

import re

_ACCEPTED = r"""
    accepted | pranuar | u\ pranua | e\ pranuar
    | zugesagt | angenommen | accettato | accepté | aceptad[oa] | aceito | geaccepteerd
    | zaakceptowan[oy] | prihvaćeno? | prihvatam | прихваћено | прифатено
    | αποδοχή | έγινε\ αποδοχή | acceptat | kabul\ edildi | accepterat | принято
"""
_TENTATIVE = r"""
    tentative(ly\ accepted)? | me\ rezervë | ndoshta | paraprakisht | e\ pranuar\ përkohësisht
    | mit\ vorbehalt | vorläufig | provvisorio | provisoire | provisional | voorlopig
    | wstępn[ae] | uslovno | условно | με\ επιφύλαξη | tentativ | kesin\ değil | под\ вопросом
"""
_DECLINED = r"""
    declined | refuzuar | u\ refuzua | e\ refuzuar
    | abgesagt | abgelehnt | rifiutato | refusé | rechazad[oa] | recusado | geweigerd | afgewezen
    | odrzucon[oy] | odbijeno? | одбијено | одбиено
    | απόρριψη | refuzat | reddedildi | avböjt | отклонено
"""
_BEGINS = tuple(
    (partstat, re.compile(rf"(?ix)\s*(?:{words})\s*:"))
    for partstat, words in (("ACCEPTED", _ACCEPTED), ("TENTATIVE", _TENTATIVE), ("DECLINED", _DECLINED))
)
_BY_ITSELF = r"""(?:auto(?:m[aáà]+t\w*)? | autom\. | аутомат\w* | автомат\w* | αυτόματ\w* | otomatik | avtomat\w*
    | samodejn\w*)"""
_REPLY = r"""(?:repl(?:y|ies) | respon(?:se|der|d) | answer | (?:rück)?antwort\w* | p[ëe]rgjigj\w* | rispost\w*
    | r[ée]pon(?:se|sif) | respuesta | contestaci[óo]n | resposta | odgovor\w* | одговор\w* | отговор\w* | ответ\w*
    | відповідь | odpowied\w* | odpov[eě][dď]\w* | απάντηση | yanıt\w* | cevap\w* | antwoord\w* | r[ăa]spuns\w* | svar\w*
    | vastaus\w* | válasz\w* | nachricht\w* | message | mesazh\w* | njoftim\w* | messaggio | poruka | порука | порака
    | obavješt\w* | obavešt\w* | wiadomość | mensaje | mensagem | bericht | mesaj)"""
# What programs say of the mail itself: nobody writes so of himself.
_FORMULA = rf"""(?:
    {_BY_ITSELF}[\s-]{{0,2}}(?:e-?mail[\s-]{{0,2}})?{_REPLY}(?:\s+e-?mail)? | {_REPLY}\s{{1,2}}(?:e\s)?{_BY_ITSELF}
    | p[ëe]rgjigje\ e\ automatizuar | autorespons?e? | autosvar | autoreply | autorisposta | autoodpowiedź
    | autop[ëe]rgjigje | abwesenheits(?:notiz|nachricht|meldung|assistent|agent|info|hinweis)\w*
    | (?:message|notification|avis|réponse)\ d[’']absence | vacation\ (?:auto-?)?(?:reply|response|message|notice)
    | absence\ (?:message|notification|notice) | frånvaromeddelande | poissaoloviesti
    | afwezigheids(?:bericht|assistent|melding)\w* | автоответ\w* | informacja\ o\ nieobecności | μήνυμα\ απουσίας
    )"""
# What they say of whoever is away, which people say as well: only where it goes on as such notes do.
_OUT = rf"""(?:
    out[\ -]of[\ -](?:the[\ -])?office
      (?:\s+(?:{_BY_ITSELF}[\s-]?(?:reply|response)|reply|response|message|notification|notice|assistant|alert))?
    | ooo | away\ from\ (?:the\ )?office | jasht[ëe]\ zyr(?:e|ës|es) | munges[ëa]\ nga\ (?:zyra|puna)
    | njoftim\ (?:mungese|për\ munges[ëa]) | assente | отсут(?:ен|на)
    | fuori\ (?:sede|ufficio) | assen(?:te|za)\ dall[’']ufficio | abwesend | abwesenheit | außer\ haus
    | nicht\ im\ (?:büro|haus|hause) | absen(?:ce|t)\ du\ bureau | hors\ du\ bureau | fuera\ de\ (?:la\ )?oficina
    | ausen(?:te|cia)\ de\ la\ oficina | fora\ do\ escritório | ausente\ do\ escritório
    | (?:van|izvan)\ (?:kancelarije|ureda) | odsut(?:an|na|nost) | ван\ канцеларије | одсут(?:ан|на|ност)
    | надвор\ од\ канцеларија | отсуство\ од\ (?:канцеларија|работа) | poza\ biurem | nieobecność
    | εκτός\ γραφείου | απουσία(?:\ από\ το\ γραφείο)? | absent\ din\ birou | în\ afara\ biroului | ofis\ dışında
    | ofis\ dışı | afwezig(?:heid)? | buiten\ (?:het\ )?kantoor | вне\ офиса | извън\ офиса | mimo\ kancelář
    | házon\ kívül | odsoten | ikke\ til\ stede
    )"""
_GOES_ON = r"(?=\s*(?:[:(\[\])–—-]|$|(?:re|to|from|until|till|deri|nga|bis|fino|dal|jusqu|do|od|до|od|până|tot|hasta)\b))"
_MARK = r"\s*(?:\[[^\]]{1,40}\]\s*)?"
_ABSENCE = re.compile(
    rf"""(?ix)^{_MARK}(?:
    [\[(]?\s*(?:{_FORMULA} | {_OUT}){_GOES_ON}
    | auto:\s*(?:re|fw|fwd):
    | away\ until | on\ (?:annual\ |maternity\ |sick\ |parental\ )?leave\ (?:until|till)
    | i\ am\ (?:currently\ )?(?:away|out\ of\ (?:the\ )?office|on\ leave)
    | jam\ (?:me\ (?:pushime|leje|shërbim)|jashtë\ zyr|në\ mungesë)
    | me\ pushime(?:\ vjetore)?(?:\s*$|\ deri|\ nga) | me\ leje\ (?:vjetore|mjekësore|lindjeje|deri|nga\ data)
    | mungoj\ (?:nga|deri)
    )"""
)
# Behind the subject of what was written to: "Ftesë (Automatic reply)".
_BEHIND = re.compile(rf"(?ix)(?:[–—:-]\s+|[(\[]\s*){_FORMULA}\s*[)\]]?\s*$")
# "AUTO: Arben Ndreu is out of the office (returning 12/01/2027)", as Notes writes it in the language of its user.
_NOTES = re.compile(
    r"""(?ix)^(?P<auto>auto:\s*)?(?!(?:re|aw|fwd?|the|our|my|your|he|she|they|who|everybody|nobody|somebody)\b)
    [^:?!]{1,80}?\s+(?:is\ out\ of\ the\ office | ist\ (?:außer\ haus|nicht\ im\ (?:büro|haus)|abwesend)
    | est\ absente?(?:\(e\))?(?:\ du\ bureau)? | è\ (?:fuori\ (?:ufficio|sede)|assente) | está\ (?:fuera\ de\ la\ oficina|ausente)
    | je\ (?:odsutan|odsutna|van\ kancelarije) | jest\ (?:nieobecn[ya]|poza\ biurem) | is\ afwezig | është\ jashtë\ zyr[eë]s?)
    (?P<until>\s*\([^)]{1,80}\)|\s*(?:until|from|bis|deri)\b.{1,60})?\s*(?P<end>\.)?\s*$"""
)
_OF_ONESELF = re.compile(
    r"""(?ix)\b(
    out\ of\ (the\ )?office | on\ (annual\ |sick\ |maternity\ |parental\ )?leave | on\ (vacation|holiday)
    | away\ from\ my\ (desk|e-?mail) | (limited|no)\ access\ to\ (my\ )?e-?mail
    | (jam|është)\ me\ (leje|pushime|raport) | jasht[ëe]\ zyr(e|ës|es) | do\ t[ëe]\ mungoj
    | nuk\ jam\ n[ëe]\ zyr[ëe] | jam\ n[ëe]\ munges[ëe]
    | fuori\ (ufficio|sede) | in\ ferie | im\ urlaub | nicht\ im\ (büro|haus) | abwesend | en\ congés? | absente?\ du\ bureau
    | de\ vacaciones | fuera\ de\ la\ oficina | na\ (godišnjem\ )?odmoru | на\ (годишњем\ )?одмору | на\ одмор | na\ urlopie
    | εκτός\ γραφείου | σε\ άδεια | în\ concediu | izindeyim | op\ vakantie | afwezig | odsut(an|na) | одсут(ан|на)
    )\b"""
)


def partstat_in(subject: str) -> str:
    """Return the PARTSTAT that a subject tells (*Accepted: Tryeze*), "" if it tells none.

    It proves nothing: whoever writes a subject by hand may begin it so. It is only asked of what cannot be opened.
    """
    return next((partstat for partstat, begins in _BEGINS if begins.match(subject)), "")


def is_absence(subject: str) -> bool:
    """Return whether a subject is that of a note which a program writes in somebody's absence."""
    subject = subject[:500]
    if _ABSENCE.match(subject) or _BEHIND.search(subject):
        return True
    notes = _NOTES.match(subject)
    # Without a mark of the program it ends as programs end; "The chair is out of the office" may be said by people.
    english = notes and "out of the office" in subject.lower()
    return bool(notes and (notes["auto"] or (english and (notes["end"] or notes["until"]))))


def speaks_of_absence(text: str) -> bool:
    """Return whether somebody, or a program in their name, says to be away."""
    return bool(_OF_ONESELF.search(text))
