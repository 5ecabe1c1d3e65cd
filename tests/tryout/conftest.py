"""What tests of the try-out's pages take from those of the desk."""

from tests.desk.conftest import people

__all__ = ["people"]
