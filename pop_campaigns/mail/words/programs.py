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

# Formulas of programs. What people write about themselves counts only where it goes on as such notes do: "me leje" also
# stands over a permit, "absence" over one of water.
_ABSENCE = re.compile(
    r"""(?ix)^\s*(\[[^\]]{1,40}\]\s*)?(
    (
      auto(mat(ic|ed))?[ -]?(reply|response|responder) | autorespons?e? | autosvar | autom(\.|atische)?\ antwort
      | out\ of\ (the\ )?office | vacation\ (reply|response|message) | absence\ (message|notification)
      | p[ëe]rgjigj[ei]e?\ automatike | jasht[ëe]\ zyr(e|ës|es)
      | abwesenheits(notiz|nachricht|meldung|assistent) | réponse\ automatique | absence\ du\ bureau
      | risposta\ automatica | fuori\ (sede|ufficio) | respuesta\ automática | fuera\ de\ la\ oficina
      | αυτόματη\ απάντηση | εκτός\ γραφείου | automatski\ odgovor | аутоматски\ одговор | автоматски\ одговор
      | автоматический\ ответ | otomatik\ yanıt | automatisch\ antwoord | automatyczna\ odpowiedź
      | automatiskt\ svar | resposta\ automática
    )(?=\s*([:(\[–-]|$|re\b|to\b|from\b|until\b|deri\b))
    | auto:\s*re:
    | away\ until | on\ (annual\ |maternity\ |sick\ )?leave\ (until|till)
    | i\ am\ (currently\ )?(away|out\ of\ (the\ )?office|on\ leave)
    | jam\ (me\ (pushime|leje|shërbim)|jashtë\ zyr|në\ mungesë)
    | me\ pushime(\ vjetore)?(\s*$|\ deri|\ nga) | me\ leje\ (vjetore|mjekësore|lindjeje|deri|nga\ data)
    | mungoj\ (nga|deri) | mungesë\ nga\ zyra
    )"""
)


def partstat_in(subject: str) -> str:
    """Return the PARTSTAT that a subject tells (*Accepted: Tryeze*), "" if it tells none.

    It proves nothing: whoever writes a subject by hand may begin it so. It is only asked of what cannot be opened.
    """
    return next((partstat for partstat, begins in _BEGINS if begins.match(subject)), "")


def is_absence(subject: str) -> bool:
    """Return whether a subject is that of a note which a program writes in somebody's absence."""
    return bool(_ABSENCE.match(subject))
