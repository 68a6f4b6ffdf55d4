"""Datasets in the forms that tools write."""

import gzip
import json

from rig.report import check
from workshop import BOAT, document, question, said, workshop

PAIR = {"question": "When does the mail boat sail?", "answer": "seven"}
START = BOAT.index("seven")
SPAN = {"text": ["seven"], "answer_start": [START]}


def lines(*values):
    return "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values)


def forms():
    """Name and content of files with one question each."""
    one = question("q", PAIR["question"], "seven")
    row = {"id": "q", "context": BOAT, "question": PAIR["question"], "answers": SPAN}
    yield "paragraphs.json", [{"context": BOAT, "qas": [one]}]
    yield "lines.jsonl", lines({"context": BOAT, "qas": [one]})
    yield "rows.json", {"version": "0.1.0", "data": [row]}
    yield "columns.json", {name: [value] for name, value in row.items()}
    yield "frame.json", {name: {"0": value} for name, value in row.items()}
    yield "flat.jsonl", lines({"Context": BOAT, "Question": PAIR["question"], "answers.text": ["seven"],
                               "answers.answer_start": [START]})
    mrqa = {"id": "", "context": BOAT, "qas": [
        {"qid": "q", "question": PAIR["question"], "answers": ["seven"],
         "detected_answers": [{"text": "seven", "char_spans": [[START, START + 4]], "token_spans": [[5, 5]]}]}]}
    yield "mrqa.jsonl.gz", gzip.compress(lines({"header": {"dataset": "Boats", "split": "dev"}}, mrqa).encode())
    yield "cmrc.json", [{"context_id": "p", "context_text": "郵船七點從東碼頭開出。", "title": "郵船", "qas": [
        {"query_id": "q", "query_text": "郵船幾點開出？", "answers": ["七點"]}]}]
    yield "annotated.json", {"data": [{"paragraphs": [{"document_id": 3, "context": BOAT, "qas": [
        {"question": PAIR["question"], "id": 41, "is_impossible": False, "answers": [
            {"answer_id": 1, "text": "seven ", "answer_start": START, "answer_category": None}]}]}]}]}
    yield "table.csv", f'context,question,answers\n"{BOAT}",{PAIR["question"]},"{str(SPAN)}"\n'
    yield "table.tsv", f"context\tquestion\tanswer\tanswer_start\n{BOAT}\t{PAIR['question']}\tseven\t{START}.0\n"


@check("datasets as libraries and annotation tools write them", "one question each, its answer at its place")
def readable():
    wrong, names = [], []
    with workshop() as shop:
        for name, content in forms():
            names.append(shop.write(name, content))
            ended = shop.run("convert", "--data", name, "--output", "read.json", "--repair")
            if ended.returncode != 0:
                wrong.append(f"{name}: {ended.returncode}, {said(ended)}")
                continue
            paragraphs = [part for article in shop.read("read.json")["data"] for part in article["paragraphs"]]
            found = [(part["context"], *answer.values()) for part in paragraphs for one in part["qas"]
                     for answer in one["answers"]]
            if len(found) != 1 or found[0][1] != found[0][0][found[0][2]:][:len(found[0][1])]:
                wrong.append(f"{name}: {found}")
    return not wrong, "; ".join(wrong) or ", ".join(names)


@check("questions without answers or ids", "predicted; scoring says why not")
def unlabelled():
    with workshop() as shop:
        asked = [{"id": "a", "question": "When?"}, {"question": "Where?"}]
        shop.write("test.json", document((BOAT, asked)))
        shop.write("test.jsonl", lines(*({"context": BOAT} | one for one in asked)))
        found = []
        for name in ("test.json", "test.jsonl"):
            ended = shop.run("predict", "--model", "model", "--data", name, "--output", "p.json")
            found.append((ended.returncode, sorted(shop.read("p.json")), "without an id" in ended.stderr))
            (shop.folder / "p.json").unlink()
        scored = shop.run("evaluate", "--model", "model", "--data", "test.json")
        held = found == [(0, ["2", "a"], True)] * 2 and scored.returncode == 65 and "no question has" in scored.stderr
        return held, f"{found}, evaluate {scored.returncode}: {said(scored)}"


@check("one id for two questions", "told, both predicted, both scored")
def repeated():
    with workshop() as shop:
        shop.write("twice.json", document((BOAT, [question("a", "When?", "seven"), question("a", "Where?", "pier")])))
        ended = shop.run("predict", "--model", "model", "--data", "twice.json", "--output", "p.json")
        keys = sorted(shop.read("p.json"))
        shop.write("right.json", {"a": "seven", "a#2": "pier"})
        score = shop.json("score", "--data", "twice.json", "--predictions", "right.json")
        held = keys == ["a", "a#2"] and "repeated id" in ended.stderr and score["exact_match"] == 100
        return held and score["total"] == 2, f"{keys}, {score['exact_match']} of {score['total']}, {said(ended)}"


@check("no answer, in the ways in which files say so", "no question is broken, each counts as without an answer")
def no_answer():
    ways = [
        {"answers": []}, {"answers": [], "is_impossible": True}, {"answers": [{"text": "", "answer_start": -1}]},
        {"answers": [], "is_impossible": "true"}, {"answers": SPAN | {"text": [], "answer_start": []}},
        {"answers": [], "plausible_answers": [{"text": "seven", "answer_start": START}], "is_impossible": True},
    ]
    with workshop() as shop:
        shop.write("none.json", document(
            (BOAT, [{"id": f"n{n}", "question": "Who?", **way} for n, way in enumerate(ways)])))
        checked = shop.run("check", "--data", "none.json", "--json")
        shop.write("empty.json", {f"n{n}": "" for n in range(len(ways))})
        score = shop.json("score", "--data", "none.json", "--predictions", "empty.json")
        held = checked.returncode == 0 and json.loads(checked.stdout)["questions_without_label"] == 0
        return held and score["exact_match"] == 100, f"{checked.stdout.strip()[:120]}, {score['exact_match']}"


@check("offsets that JavaScript counted", "recognised; convert --repair puts each answer at its own place")
def utf16():
    text = (
        "Berth 1 \U0001F6A2\U0001F6A2: 4 boats, berth 2 \u2693: 4 boats, berth 3: 4 boats. "
        "Light \U0001F526: 9 miles.")
    places = [text.index("4 boats"), text.index("4 boats", 20), text.rindex("4 boats"), text.index("9 miles")]
    questions = [
        {"id": f"u{n}", "question": "How many?", "answers": [
            {"text": text[place:place + 7], "answer_start": len(text[:place].encode("utf-16-le")) // 2}]}
        for n, place in enumerate(places)]
    with workshop() as shop:
        shop.write("units.json", document((text, questions)))
        found = json.loads(shop.run("check", "--data", "units.json", "--json").stdout)["offset_unit"]
        shop.run("convert", "--data", "units.json", "--output", "right.json", "--repair")
        qas = shop.read("right.json")["data"][0]["paragraphs"][0]["qas"]
        seen = [one["answers"][0]["answer_start"] for one in qas]
        return found == "utf16" and seen == places, f"{found}, {seen} for {places}"


@check("cells that begin with a bracket", "answers like all others; lists are lists")
def brackets():
    text = "Sails at [time] from the pier [sic] of {place}."
    cells = ["[time]", "[sic] of", "{place}", "['from the pier']"]
    with workshop() as shop:
        rows = "".join(f'"{text}",What?,"{cell}"\n' for cell in cells)
        shop.write("cells.csv", "context,question,answers\n" + rows)
        ended = shop.run("convert", "--data", "cells.csv", "--output", "cells.json")
        if ended.returncode:
            return False, f"{ended.returncode}: {said(ended)}"
        qas = [one for part in shop.read("cells.json")["data"][0]["paragraphs"] for one in part["qas"]]
        seen = [answer["text"] for one in qas for answer in one["answers"]]
        return seen == [*cells[:3], "from the pier"], str(seen)


@check("answers in a script without spaces", "a warning with the English metric; characters with another")
def characters():
    with workshop() as shop:
        context = "今天風很大，郵船停在港口。"
        shop.write("zh.json", document((context, [question("z", "郵船停在哪裡？", "停在港口", context)])))
        shop.write("p.json", {"z": "郵船停在港口"})
        score = ["score", "--data", "zh.json", "--predictions", "p.json"]
        told = "--language zh" in shop.run(*score).stderr
        found = [shop.json(*score, *more)["f1"] for more in ([], ["--language", "zh"], ["--metric", "cmrc"])]
        held = told and found[0] == 0 and all(abs(value - 80) < 0.01 for value in found[1:])
        return held, f"{'told' if told else 'not told'}, F1 {found}"


@check("data through a pipe and compressed", "the same predictions as from the file")
def pipes():
    with workshop() as shop:
        predict = ["predict", "--model", "model", "--output"]
        text = (shop.folder / "boats.json").read_text(encoding="utf-8")
        shop.write("boats.json.gz", gzip.compress(text.encode()))
        shop.run(*predict, "a.json", "--data", "boats.json")
        shop.run(*predict, "b.json", "--data", "-", stdin=text)
        shop.run(*predict, "c.json", "--data", "boats.json.gz")
        seen = [(shop.folder / name).read_bytes() for name in ("a.json", "b.json", "c.json")]
        return len(set(seen)) == 1 and len(seen[0]) > 2, f"{len(set(seen))} kind of file, {len(seen[0])} bytes"
