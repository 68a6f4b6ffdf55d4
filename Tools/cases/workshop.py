"""A folder for each case, a model in it, and the program run there."""

import contextlib
import json
import os
import pathlib
import subprocess
import tempfile

import tiny
from rig.report import BERTQA

BOAT = "The mail boat sails at seven from the east pier. On Sundays it stays in the harbour."
QUESTIONS = [
    ("When does the mail boat sail?", "seven"), ("Where does it sail from?", "the east pier"),
    ("When does it stay in the harbour?", "On Sundays"),
]


def document(*paragraphs):
    """SQuAD's document of (context, questions with their members)."""
    return {"version": "1.1", "data": [
        {"title": "Boats", "paragraphs": [{"context": context, "qas": questions} for context,
            questions in paragraphs]}]}


def question(number, text, answer, context=BOAT, **members):
    answers = [{"text": answer, "answer_start": context.index(answer)}]
    return {"id": number, "question": text, "answers": answers, **members}


def boats():
    return document((BOAT, [question(f"b{n}", *pair) for n, pair in enumerate(QUESTIONS)]))


class Workshop:
    """A folder with a model `model` and a dataset `boats.json`."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.model = tiny.write(self.folder / "model", BOAT, *(text for text, _ in QUESTIONS))
        self.write("boats.json", boats())

    def write(self, name, content):
        """Writes a text, bytes, or a value as JSON."""
        if not isinstance(content, (str, bytes)):
            content = json.dumps(content, ensure_ascii=False)
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return name

    def read(self, name):
        return json.loads((self.folder / name).read_text(encoding="utf-8"))

    def run(self, *arguments, stdin=None, timeout=60, **environment):
        """Runs the program in the folder; numbers are written out."""
        variables = {**os.environ, "HF_HUB_CACHE": f"{self.folder}/cache", "HOME": str(self.folder), **environment}
        return subprocess.run(
            [BERTQA, *map(str, arguments)], cwd=self.folder, env=variables, input=stdin, capture_output=True, text=True,
            timeout=timeout, check=False)

    def json(self, *arguments):
        """What a command that ends with 0 prints with --json."""
        ended = self.run(*arguments, "--json")
        if ended.returncode != 0:
            raise RuntimeError(f"{arguments[0]} ended with {ended.returncode}: {said(ended)}")
        return json.loads(ended.stdout)


def said(ended):
    """The last line of standard error."""
    return (ended.stderr.strip().splitlines() or [""])[-1][:160]


@contextlib.contextmanager
def workshop():
    with tempfile.TemporaryDirectory(prefix="bertqa-case-") as folder:
        yield Workshop(folder)
