"""Uses the page of `bertqa serve` as a person does, in headless Chromium, and says what does not work. See
Tools/page.sh."""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from browser import Browser

ROOT = Path(__file__).resolve().parents[2]
PORT = 18093
HOME = f"http://127.0.0.1:{PORT}/"
# It has two likely answers in the text.
TWO_ANSWERS = "When was it the tallest?"
TOWER = (
    "🗼👩‍👩‍👧 The Eiffel Tower (tour Eiffel) was designed by the engineers of Gustave Eiffel and opened on "
    "31 March 1889.\n\n"
    "It is 330 metres tall, about as high as a building of 81 storeys, and was the tallest structure in "
    "the world for 41 years.\n\n"
    "エッフェル塔はパリにあります。 מגדל אייפל נמצא בפריז. يقع برج إيفل في باريس.\n\n"
    "<img src=x onerror=\"document.title='broken'\"> Six million people climb it each year."
)


@contextlib.contextmanager
def server(model, folder):
    command = [
        os.environ.get("BERTQA", str(ROOT / ".build/release/bertqa")), "serve", "--model", model, "--port", str(PORT),
        "--database", f"{folder}/documents.sqlite",
        "--log-level", "error"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        for _ in range(300):
            with contextlib.suppress(OSError):
                if urllib.request.urlopen(HOME + "ready").status == 200:
                    break
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait()


class Person:
    """What a person does with the page."""

    def __init__(self, browser, folder):
        self.browser, self.folder = browser, folder

    def ask(self, question):
        count = self.browser.run("document.querySelectorAll('#turns > li:not(.welcome)').length")
        self.browser.run("document.activeElement.blur()")
        self.browser.press("/")
        self.browser.type(question)
        self.browser.press("Enter")
        self.browser.wait(f"document.querySelectorAll('#turns > li:not(.welcome)').length === {count + 1}")
        self.browser.wait("!document.querySelector('#turns > li:last-child .wait')")
        self.browser.wait("document.activeElement.id === 'question'")

    def answer(self):
        return self.browser.run("document.querySelector('#turns > li:last-child .answer').textContent")

    def marked(self):
        return self.browser.run("document.querySelector('#text mark.best')?.textContent ?? null")

    def write(self, text):
        self.browser.run("edit(); document.getElementById('draft').select()")
        self.browser.type(text)
        self.browser.press("Enter", modifiers=2)

    def shoot(self, name):
        if self.folder:
            self.browser.shoot(f"{self.folder}/{name}.png")


def marks_the_right_words(person):
    browser = person.browser
    browser.open(HOME)
    assert browser.run("document.activeElement.id") == "draft", "an empty page begins in the text"
    person.shoot("1-empty")
    browser.type(TOWER)
    browser.press("Enter", modifiers=2)
    for question, words in [
        ("When did the tower open?", "31 March 1889"), ("How tall is it?", "330 metres"),
        ("How many people climb it?", "Six million"),
    ]:
        person.ask(question)
        assert words in person.answer(), f"{question}: {person.answer()}"
        assert person.marked() == person.answer(), f"{person.marked()} is marked, not {person.answer()}"
    person.ask("אייפל?")
    assert person.marked() == person.answer(), "right-to-left words are marked as they stand"
    assert browser.run("document.getElementById('text').textContent") == TOWER, "the text is shown as it is"
    assert browser.run("document.title") == "BertQA", "a text is never run"
    assert browser.run("document.getElementById('say').textContent"), "an answer is announced"


def shows_others_on_hover_and_focus(person):
    browser = person.browser
    person.ask("How tall is it?")
    unlikely = browser.run("document.querySelectorAll('#turns > li:last-child .others button').length")
    marks = browser.run("document.querySelectorAll('#text mark').length")
    assert unlikely == 0 and marks == 1, f"answers that nobody would believe are shown: {unlikely}, {marks} marks"
    person.ask(TWO_ANSWERS)
    best = person.marked()
    others = browser.run("[...document.querySelectorAll('#turns > li:last-child .others button')]"
        ".map(b => b.firstChild.textContent)")
    assert others, "there are other answers"
    browser.run("document.querySelector('#turns > li:last-child .others button').focus()")
    browser.wait(f"document.querySelector('#text mark.best').textContent === {json.dumps(others[0])}")
    person.shoot("2-alternative")
    browser.run("document.activeElement.blur()")
    browser.wait(f"document.querySelector('#text mark.best').textContent === {json.dumps(best)}")


def scrolls_to_the_answer(person):
    filler = "The weather stayed calm and nothing of note happened that day.\n\n" * 60
    person.write(filler + "The captain of the ship was called Ilse Brandt.\n\n" + filler)
    person.ask("What was the name of the captain?")
    assert "Ilse Brandt" in person.answer(), person.answer()
    place = person.browser.run(
        "(() => { const r = document.querySelector('#text mark.best').getBoundingClientRect(); "
        "return [r.top, r.bottom, innerHeight]; })()")
    assert 0 < place[0] and place[1] < place[2], f"the answer is out of sight: {place}"
    person.shoot("3-scrolled")


def shows_the_answer_on_a_phone(person):
    browser = person.browser
    # Smooth scrolling is what people have: one place that is scrolled to may stop another on its way.
    browser.screen(390, 844, phone=True, motion=True)
    filler = "The weather stayed calm and nothing of note happened that day.\n\n" * 40
    person.write(filler + "The captain of the ship was called Ilse Brandt.\n\n" + filler + "The cook was Piet Maas.")
    for question, words in [("What was the name of the captain?", "Ilse Brandt"), ("Who was the cook?", "Piet Maas"),
            ("What was the captain called?", "Ilse Brandt")]:
        person.ask(question)
        assert words in person.answer(), person.answer()
        try:
            browser.wait(VISIBLE)
        except AssertionError:
            place = browser.run(PLACES)
            raise AssertionError(f"{question}: the answer is out of sight: {place}") from None
        answered = browser.run(
            "(() => { const r = document.querySelector('#turns > li:last-child .answer').getBoundingClientRect(), "
            "f = document.getElementById('turns').getBoundingClientRect(); return r.top >= f.top - 1 && "
            "r.bottom <= f.bottom + 1; })()")
        assert answered, f"{question}: the answer's words are out of sight"
    person.shoot("7-phone-scrolled")
    browser.screen(1280, 800)


# Where the marked answer and the frame of the text are, from the top.
PLACES = """(() => {
    const r = document.querySelector('#text mark.best').getBoundingClientRect();
    const f = document.getElementById('page').getBoundingClientRect();
    return [r.top, r.bottom, f.top, f.bottom];
})()"""
VISIBLE = f"(([top, bottom, from, to]) => top >= from && bottom <= to)({PLACES})"


def names_other_places(person):
    browser = person.browser
    person.write("Sea otters eat sea urchins, clams and crabs, and they sleep in kelp. "
        "In winter they eat fish and squid as well.")
    person.ask("What do sea otters eat?")
    places = browser.run("state.turns.at(-1).answers.map(a => [a.start, a.end])")
    assert len(places) > 1, "there are no other answers"
    for index, (start, end) in enumerate(places):
        assert all(end <= other[0] or other[1] <= start for other in places[:index]), f"places overlap: {places}"
    sure = browser.run("document.querySelector('#turns > li:last-child .sure').textContent")
    assert ("likely to be right" in sure) if browser.run("state.calibrated") else ("not calibrated" in sure), sure
    person.shoot("8-sure")


def works_by_keyboard(person):
    browser = person.browser
    browser.press("ArrowUp")
    assert browser.run("document.getElementById('question').value") == "What was the name of the captain?"
    browser.press("ArrowUp")
    assert browser.run("document.getElementById('question').value") == TWO_ANSWERS
    browser.press("ArrowDown")
    browser.press("ArrowDown")
    assert browser.run("document.getElementById('question').value") == ""
    browser.press("Escape")
    assert browser.run("document.activeElement === document.body"), "Escape leaves the question"
    browser.press("e")
    assert browser.run("document.activeElement.id") == "draft", "E edits the text"
    browser.press("Enter", modifiers=2)
    browser.run("document.activeElement.blur()")
    seen = []
    for _ in range(60):
        browser.press("Tab")
        seen.append(browser.run("document.activeElement.id || document.activeElement.className || "
            "document.activeElement.tagName"))
    for element in ("theme", "source", "open", "edit", "store", "text", "question"):
        assert element in seen, f"Tab never reaches {element}: {seen}"


def keeps_what_is_being_written(person):
    browser = person.browser
    person.write(TOWER)
    person.ask(TWO_ANSWERS)
    alternative = "document.querySelector('#turns > li:last-child .others button')"
    browser.run(f"{alternative}.focus()")
    browser.press("e")
    assert browser.run("document.activeElement.id") == "draft", "E closes the text again when an answer loses the focus"
    browser.run("document.getElementById('draft').select()")
    browser.type("Half a sentence")
    browser.run(f"{alternative}.dispatchEvent(new MouseEvent('mouseenter'))")
    browser.run(f"{alternative}.dispatchEvent(new MouseEvent('mouseleave'))")
    assert browser.run("document.getElementById('draft').value") == "Half a sentence"
    assert not browser.run("document.getElementById('draft').hidden"), "the mouse over an answer closes the text"
    browser.run(f"{alternative}.click()")
    browser.wait("document.querySelector('#text mark.best')")
    browser.run("document.getElementById('own').click()")
    assert browser.run("state.text") == "Half a sentence", "what was written is lost"


def stores_and_searches(person):
    browser = person.browser
    person.write(TOWER)
    browser.run("document.getElementById('store').click()")
    browser.wait("document.getElementById('dialog').open")
    browser.type("tower")
    browser.press("Enter")
    browser.wait("state.source === 'tower'")
    browser.open(HOME)
    browser.wait("[...document.getElementById('source').options].some(o => o.value === 'tower')")
    browser.run("document.getElementById('source').value = 'tower'; "
        "document.getElementById('source').dispatchEvent(new Event('change'))")
    browser.wait("state.source === 'tower'")
    person.ask("When did the tower open?")
    assert person.marked() == person.answer() and "1889" in person.answer(), person.answer()
    link = browser.run("location.origin + '/#' + new URLSearchParams({q: 'How tall is it?', d: 'tower'})")
    browser.run("document.getElementById('source').value = '*'; document.getElementById('source')"
        ".dispatchEvent(new Event('change'))")
    person.ask("How tall is the tower?")
    assert "330" in person.answer(), person.answer()
    quoted = browser.run("document.querySelector('#turns > li:last-child blockquote mark').textContent")
    assert quoted == person.answer(), f"{quoted} is marked in the passage"
    person.shoot("4-all-documents")
    browser.run("[...document.querySelectorAll('#turns > li:last-child button')]"
        ".find(b => b.textContent === 'Show').click()")
    browser.wait("state.source === 'tower' && document.querySelector('#text mark.best')")
    assert person.marked() == person.answer()
    browser.open(link)
    browser.wait("state.source === 'tower' && document.getElementById('question').value === 'How tall is it?'")
    turns = browser.run("document.querySelectorAll('#turns > li:not(.welcome)').length")
    assert turns == 0, "a link does not ask by itself"
    browser.run("document.getElementById('question').focus()")
    browser.press("Enter")
    browser.wait("document.querySelector('#text mark.best')")
    assert person.marked() == person.answer() == "330 metres", "a link brings the document and the question back"


def keeps_the_draft_from_links(person):
    browser = person.browser
    browser.open(HOME)
    person.write("My own draft about Ada, who wrote it in 1843.")
    link = browser.run("location.origin + '/#' + new URLSearchParams({q: 'Who came?', t: 'Eve came with a link.'})")
    browser.open(link)
    browser.wait("document.getElementById('question').value === 'Who came?'")
    assert browser.run("state.text") == "Eve came with a link."
    turns = browser.run("document.querySelectorAll('#turns > li:not(.welcome)').length")
    assert turns == 0, "a link does not ask by itself"
    assert "Ada" in browser.run("sessionStorage.getItem('bertqa.text')"), "the link has replaced the draft"
    browser.run("document.getElementById('question').focus()")
    browser.press("Enter")
    browser.wait("document.querySelector('#text mark.best')")
    person.shoot("6-link")
    browser.run("document.getElementById('own').click()")
    assert "Ada" in browser.run("state.text"), "the draft does not come back"
    browser.open(HOME)
    assert "Ada" in browser.run("state.text"), "the draft is lost"


def takes_dropped_files(person):
    browser = person.browser
    browser.run("""(() => {
        const data = new DataTransfer();
        data.items.add(new File(["Ada wrote it\\r\\nin 1843."], "a.txt", { type: "text/plain" }));
        for (const kind of ["dragenter", "dragover", "drop"]) {
            document.dispatchEvent(new DragEvent(kind, { dataTransfer: data, cancelable: true, bubbles: true }));
        }
    })()""")
    browser.wait("state.text === 'Ada wrote it\\nin 1843.'")
    person.ask("When did Ada write it?")
    assert person.marked() == "1843", person.marked()
    browser.run("openFile(new File([new Uint8Array([255, 254, 0])], 'bad.bin'))")
    browser.wait("document.querySelector('#turns > li:last-child .reply.wrong')")


def tells_of_errors(person):
    person.ask("why " * 400)
    assert person.browser.run("document.querySelector('#turns > li:last-child .reply').classList.contains('wrong')")
    assert "tokens" in person.answer(), person.answer()


CONTRAST = """(() => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const rgb = colour => {
        canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
        .map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
        .reduce((s, v, i) => s + v * [.2126, .7152, .0722][i], 0);
    const behind = e => {
        for (; e; e = e.parentElement) {
            const c = rgb(getComputedStyle(e).backgroundColor);
            if (c[3] === 255) return c;
        }
        return [255, 255, 255, 255];
    };
    const poor = [];
    for (const e of document.querySelectorAll('body *')) {
        if (!e.getClientRects().length || ![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
        if (['SCRIPT', 'STYLE'].includes(e.tagName)) continue;
        if (e.classList.contains('quiet') || e.classList.contains('skip')) continue;
        const [a, b] = [light(rgb(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x);
        const contrast = (a + .05) / (b + .05);
        if (contrast < 4.5) poor.push(e.tagName + '.' + e.className + ' ' + contrast.toFixed(2));
    }
    return poor;
})()"""


def fits_every_screen(person):
    browser = person.browser
    person.write(TOWER)
    person.ask("When did the tower open?")
    person.ask("How tall is it?")
    for name, width, height, phone in [("desk", 1280, 800, False), ("phone", 390, 844, True), ("small", 320, 568, True),
        ("tablet", 820, 1180, True)]:
        for dark in (False, True):
            browser.screen(width, height, phone, dark)
            browser.run("document.querySelector('#turns').lastElementChild.scrollIntoView({ block: 'end' })")
            wide = browser.run("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, f"{name}: {wide} pixels too wide"
            assert browser.run("document.getElementById('question')"
                ".getBoundingClientRect().bottom <= innerHeight"), f"{name}: no room to ask"
            poor = browser.run(CONTRAST)
            assert not poor, f"{name}, {'dark' if dark else 'light'}: contrast below 4.5: {poor}"
            person.shoot(f"5-{name}-{'dark' if dark else 'light'}")
    browser.screen(1280, 800)


def has_names_for_everything(person):
    nodes = person.browser.call("Accessibility.getFullAXTree")["nodes"]
    for node in nodes:
        role = node.get("role", {}).get("value")
        if role in ("button", "textbox", "combobox", "list", "region", "status") and not node.get("ignored"):
            name = node.get("name", {}).get("value", "")
            assert name or role in ("list", "status"), f"a {role} has no name"


def asks_for_nothing_outside(person):
    browser = person.browser
    outside = {url for url in browser.requests if not url.startswith((HOME, "about:", "data:", "blob:"))}
    assert not outside, f"the page asked for {outside}"
    # The two errors that were asked for are not complaints.
    bad = [text for text in browser.complaints if "422" not in text]
    assert not bad, f"the browser complained: {bad}"


CHECKS = [
    marks_the_right_words, shows_others_on_hover_and_focus, scrolls_to_the_answer, works_by_keyboard,
    keeps_what_is_being_written,
    shows_the_answer_on_a_phone, names_other_places, stores_and_searches,
    keeps_the_draft_from_links, takes_dropped_files, tells_of_errors, fits_every_screen, has_names_for_everything,
    asks_for_nothing_outside]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="a model that was fine-tuned on SQuAD")
    parser.add_argument("--screenshots", help="a folder for screenshots")
    options = parser.parse_args()
    if options.screenshots:
        Path(options.screenshots).mkdir(parents=True, exist_ok=True)
    failures = 0
    with tempfile.TemporaryDirectory() as folder, server(options.model, folder):
        browser = Browser()
        try:
            browser.screen(1280, 800)
            person = Person(browser, options.screenshots)
            for check in CHECKS:
                try:
                    check(person)
                    print(f"ok    {check.__name__.replace('_', ' ')}", flush=True)
                except AssertionError as error:
                    failures += 1
                    print(f"FAIL  {check.__name__.replace('_', ' ')}: {error}", flush=True)
        finally:
            browser.close()
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
