"""Which files are kept, told by their first bytes and their name together; plain values in, plain values out.

What offices send and what cannot run in our pages: every kept file is only ever saved (:mod:`core.downloads`). Neither
the name alone nor the browser's claim is trusted. Pages, scripts, programs, archives and documents that say they carry
macros (``.docm``) are kept nowhere.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Mapping
from pathlib import PurePath
from types import MappingProxyType
from typing import Final

_OFFICE: Final = "application/vnd.openxmlformats-officedocument."
_OPEN: Final = "application/vnd.oasis.opendocument."
_HEIF: Final = (b"heic", b"heix", b"hevc", b"heim", b"mif1", b"msf1")
# PKCS#7 signedData, the outer type of a .p7m in DER (RFC 5652 section 5.1): 1.2.840.113549.1.7.2.
_SIGNED_DATA: Final = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_BYTE_ORDERS: Final = ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def _begins(*magics: bytes) -> Callable[[bytes], bool]:
    return lambda content: content.startswith(magics)


def _is_heif(content: bytes) -> bool:
    return content[4:8] == b"ftyp" and content[8:12] in _HEIF


def _is_signed_data(content: bytes) -> bool:
    return content[:1] == b"\x30" and _SIGNED_DATA in content[:24]


def _is_text(content: bytes) -> bool:
    """Return whether bytes are text as Notepad and spreadsheets write it: no control characters but breaks and tabs."""
    order = next((name for mark, name in _BYTE_ORDERS if content.startswith(mark)), None)
    for encoding in (order,) if order else ("utf-8", "cp1250", "latin-1"):
        try:
            return _CONTROLS.search(content.decode(encoding)) is None
        except UnicodeDecodeError:
            continue
    return False


_zip, _ole = _begins(b"PK\x03\x04"), _begins(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
_jpeg, _tiff = _begins(b"\xff\xd8\xff"), _begins(b"II*\x00", b"MM\x00*")

# Ending → what the content must be, and the type under which it is handed out.
_DOCUMENTS: Final[Mapping[str, tuple[Callable[[bytes], bool], str]]] = MappingProxyType(
    {
        ".pdf": (_begins(b"%PDF-"), "application/pdf"),
        ".jpg": (_jpeg, "image/jpeg"),
        ".jpeg": (_jpeg, "image/jpeg"),
        ".png": (_begins(b"\x89PNG\r\n\x1a\n"), "image/png"),
        ".heic": (_is_heif, "image/heic"),
        ".tif": (_tiff, "image/tiff"),
        ".tiff": (_tiff, "image/tiff"),
        ".docx": (_zip, f"{_OFFICE}wordprocessingml.document"),
        ".xlsx": (_zip, f"{_OFFICE}spreadsheetml.sheet"),
        ".pptx": (_zip, f"{_OFFICE}presentationml.presentation"),
        ".odt": (_zip, f"{_OPEN}text"),
        ".ods": (_zip, f"{_OPEN}spreadsheet"),
        ".odp": (_zip, f"{_OPEN}presentation"),
        ".doc": (_ole, "application/msword"),
        ".xls": (_ole, "application/vnd.ms-excel"),
        ".ppt": (_ole, "application/vnd.ms-powerpoint"),
    }
)
_OTHERS: Final[Mapping[str, tuple[Callable[[bytes], bool], str]]] = MappingProxyType(
    {
        ".txt": (_is_text, "text/plain"),
        ".csv": (_is_text, "text/csv"),
        ".p7m": (_is_signed_data, "application/pkcs7-mime"),
    }
)

ENDINGS: Final = (*_DOCUMENTS, *_OTHERS)
"""The endings of names of files that are kept, for a browser's choice of files."""
SHOWN_KINDS: Final = "PDF, JPEG, PNG, HEIC, TIFF, DOC(X), XLS(X), PPT(X), ODT, ODS, ODP, TXT, CSV, P7M"
"""The kinds as pages name them."""


def media_type_of(content: bytes, name: str) -> str | None:
    """Return the type of a file of which content and name agree that it is of a kind we keep; else None."""
    ending = _ending(name)
    kind = _DOCUMENTS.get(ending) or _OTHERS.get(ending)
    return kind[1] if kind is not None and kind[0](content) else None


def is_document(content: bytes, name: str) -> bool:
    """Return whether a file is a document or a picture: kept, and no wrapping in which a message may travel.

    Text and signed data are none: a message of ours may stand in them, with what it holds of secrets.
    """
    kind = _DOCUMENTS.get(_ending(name))
    return kind is not None and kind[0](content)


def _ending(name: str) -> str:
    return PurePath(name).suffix.lower()
