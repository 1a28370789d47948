"""Languages as an MP4 file names them: three letters (ISO 639-2/T), where a transcript has two (ISO 639-1)."""

from __future__ import annotations

from typing import Final

_UNDETERMINED: Final = "und"
_THREE_LETTERS: Final = 3
# The languages that Whisper tells apart; "jw" is its own name for Javanese.
_TABLE: Final = """
af:afr am:amh ar:ara as:asm az:aze ba:bak be:bel bg:bul bn:ben bo:bod br:bre bs:bos ca:cat cs:ces cy:cym da:dan
de:deu el:ell en:eng es:spa et:est eu:eus fa:fas fi:fin fo:fao fr:fra gl:glg gu:guj ha:hau he:heb hi:hin hr:hrv
ht:hat hu:hun hy:hye id:ind is:isl it:ita ja:jpn jv:jav jw:jav ka:kat kk:kaz km:khm kn:kan ko:kor la:lat lb:ltz
ln:lin lo:lao lt:lit lv:lav mg:mlg mi:mri mk:mkd ml:mal mn:mon mr:mar ms:msa mt:mlt my:mya ne:nep nl:nld nn:nno
no:nor oc:oci pa:pan pl:pol ps:pus pt:por ro:ron ru:rus sa:san sd:snd si:sin sk:slk sl:slv sn:sna so:som sq:sqi
sr:srp su:sun sv:swe sw:swa ta:tam te:tel tg:tgk th:tha tk:tuk tl:tgl tr:tur tt:tat uk:ukr ur:urd uz:uzb vi:vie
yi:yid yo:yor zh:zho
"""
_CODES: Final = dict(pair.split(":") for pair in _TABLE.split())


def three_letters(language: str) -> str:
    """The code of a language for an MP4 file; ``und`` where it is not known.

    Args:
        language: its code in two or three letters, a region may follow: ``de``, ``pt-BR``, ``haw``.
    """
    code = language.lower().replace("_", "-").partition("-")[0]
    return code if len(code) == _THREE_LETTERS else _CODES.get(code, _UNDETERMINED)
