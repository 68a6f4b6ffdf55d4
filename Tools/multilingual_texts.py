"""Texts in about a hundred languages: the translations of its own messages that the pinned Django ships."""

import gettext
import importlib.util
from pathlib import Path


def catalogues():
    """The compiled catalogues, in an order that does not depend on the file system."""
    package = Path(importlib.util.find_spec("django").origin).parent
    return sorted(package.rglob("locale/*/LC_MESSAGES/django.mo"),
        key=lambda path: path.relative_to(package).as_posix())


def texts(at_most=None):
    """The translations without repetitions; at most so many of each catalogue."""
    found = {}
    for path in catalogues():
        with open(path, "rb") as file:
            catalogue = gettext.GNUTranslations(file)._catalog
        messages = [text for key, text in catalogue.items() if key and text]
        for text in messages[:at_most]:
            found.setdefault(text)
    return list(found)
