"""The mail server of the worker's tests."""

from tests.worker.conftest import make_post_office, office

__all__ = ["make_post_office", "office"]
