"""What may stand in a request's body, and requests too broken to find a page: refused before anything reads them.

Pages read forms and nothing else. A library that finds JSON would read that instead, with whatever types its sender
likes, so JSON is hidden from all of them.
"""

from __future__ import annotations

from typing import Any, Final, NoReturn
from urllib.parse import urlsplit

from flask import Flask, Request, abort, request
from flask.globals import request_ctx
from passlib.exc import PasswordSizeError  # type: ignore[import-untyped]
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType
from werkzeug.formparser import FormDataParser
from werkzeug.utils import cached_property

from pop_campaigns.core.db import SAFE_METHODS

FORM_BODIES: Final = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
MOST_FIELDS: Final = 5000
"""Fields of a form sent the plain way: a list of a thousand guests to tick, five fields each."""


_NO_LETTER: Final = "\x01"


class _FormParser(FormDataParser):
    """The library's, which counts the parts of a multipart body but not the fields of a plain one."""

    def parse(self, *args: Any, **kwargs: Any) -> Any:
        """Return stream, fields and files; raise 413 for too many fields."""
        stream, form, files = super().parse(*args, **kwargs)
        if sum(len(values) for _name, values in form.lists()) > MOST_FIELDS:
            raise RequestEntityTooLarge
        return stream, _without_nul(form), files


def _without_nul(typed: MultiDict[str, str]) -> MultiDict[str, str]:
    """Return the values with another control for NUL, which no text of PostgreSQL can hold, not even one only compared.

    Not left out: what is no choice of ours must not become none. Cleaning takes it out of words, like all controls.
    """
    if not any("\0" in name or "\0" in value for name, value in typed.items(multi=True)):
        return typed
    pairs = typed.items(multi=True)
    return type(typed)(
        (name.replace("\0", _NO_LETTER), value.replace("\0", _NO_LETTER)) for name, value in pairs
    )


class FormRequest(Request):
    """A request whose body is a form or not there."""

    form_data_parser_class = _FormParser

    @cached_property
    def args(self) -> MultiDict[str, str]:
        """Query of the address, without NUL."""
        return _without_nul(super().args)

    @property
    def is_json(self) -> bool:
        """Always false: no page of ours reads JSON."""
        return False

    def get_json(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Raise 415, also where a library asks that does not look at :attr:`is_json` first."""
        raise UnsupportedMediaType

    @property
    def has_form_body(self) -> bool:
        """Whether the body is a form, or there is none and nothing says what kind it would be."""
        if self.mimetype:
            return self.mimetype in FORM_BODIES
        return not self.content_length and "Transfer-Encoding" not in self.headers


def init_bodies(app: Flask) -> None:
    """Refuse what is no form (415); to be called before anything else that looks at requests."""
    app.request_class = FormRequest
    base = urlsplit(app.config["BASE_URL"])

    @app.before_request
    def give_error_pages_addresses() -> None:
        # A foreign Host (TRUSTED_HOSTS) leaves the request without a way to build addresses, which every page needs,
        # also the one that says so; and each look at the Host would raise anew.
        if request_ctx.url_adapter is None:
            request.host = base.netloc
            request_ctx.url_adapter = app.url_map.bind(base.netloc, url_scheme=base.scheme)

    @app.before_request
    def refuse_other_bodies() -> None:
        reads = request.method not in SAFE_METHODS and request.routing_exception is None
        if reads and not request.has_form_body:  # type: ignore[attr-defined]
            abort(415)

    @app.errorhandler(PasswordSizeError)
    def refuse_endless_password(_error: PasswordSizeError) -> Any:
        # No library hashes one of 4,096 letters: it would be a way to keep the service busy.
        return app.handle_http_exception(RequestEntityTooLarge())
