"""Models, data and machines as people have them, each tried on the program: Tools/cases.sh [NAME...].

The cases follow public reports on programs like this one; models, texts and questions are the project's own. Ids of
tokens are those of transformers, as Tools/make_tokenizer_folder_fixtures.py has recorded them. Nothing but Python, a C
compiler and the program is needed, and everything happens on loopback and in temporary folders. BERTQA names the
program."""

import sys

import data  # noqa: F401: registers its cases
import hub  # noqa: F401
import models  # noqa: F401
import serving  # noqa: F401
from rig.report import run

run(sys.argv[1:])
