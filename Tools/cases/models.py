"""Models in the forms that programs have written."""

import concurrent.futures
import json
import pathlib
import resource
import tempfile

import tiny
from rig.report import check
from workshop import BOAT, QUESTIONS, said, workshop

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ROOT / "Tests/TokenizersTests/Fixtures/folders.json"


def fault_of(case, shop):
    """What is wrong with the way a tokenizer's folder is read; None where nothing is."""
    with tempfile.TemporaryDirectory(prefix="bertqa-case-") as folder:
        for name, text in case["files"].items():
            (pathlib.Path(folder) / name).write_bytes(text.encode())
        rows = [row for row in case["rows"] if row["second"] is None]
        lines = "".join(json.dumps({"text": row["first"]}) + "\n" for row in rows)
        ended = shop.run("tokenize", "--model", folder, stdin=lines)
    if case["refused"]:
        if ended.returncode in (65, 66) and case["refused"] in ended.stderr:
            return None
        return f"{case['name']}: {ended.returncode}, {said(ended)}"
    if ended.returncode != 0:
        return f"{case['name']}: {said(ended)}"
    if case["told"] and case["told"] not in ended.stderr:
        return f"{case['name']}: nothing is said of {case['told']}"
    found = [json.loads(line)["ids"] for line in ended.stdout.splitlines()]
    wrong = [row["first"] for row, ids in zip(rows, found, strict=True) if row["ids"] != ids]
    return f"{case['name']}: other ids for {wrong[0]!r}" if wrong else None


@check("tokenizers in all forms since 2018", "transformers' ids, a word on contradictions, refusals by name")
def folders():
    cases = json.loads(FOLDERS.read_text(encoding="utf-8"))["value"]
    with workshop() as shop, concurrent.futures.ThreadPoolExecutor(2) as pool:
        faults = [fault for fault in pool.map(lambda case: fault_of(case, shop), cases) if fault]
    return not faults and len(cases) > 80, "; ".join(faults[:3]) or f"{len(cases)} folders as expected"


@check("hundreds of thousands of added tokens", "about a second of processor, twice as many take about twice as long")
def added_tokens():
    with workshop() as shop:
        first = len(tiny.vocabulary(BOAT)) + 500

        def seconds(count):
            words = {f"compound{number:06}x": first + number for number in range(count)}
            (shop.folder / "model/added_tokens.json").write_text(json.dumps(words))
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            ended = shop.run("tokenize", "--model", "model", stdin='{"text": "the compound000123x boat"}\n')
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            if "compound000123x" not in json.loads(ended.stdout)["tokens"]:
                raise RuntimeError(f"the token was not found: {ended.stdout}{said(ended)}")
            return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

        # The program's start is in all of them.
        start, few, many = seconds(1000), seconds(100_000), seconds(200_000)
        held = many < 2 and many - start < 3 * (few - start) + 0.1
        return held, f"1,000: {start:.2f} s, 100,000: {few:.2f} s, 200,000: {many:.2f} s"


@check("a model with one segment type", "answers and trains")
def one_type():
    with workshop() as shop:
        tiny.write(shop.folder / "one", BOAT, types=1)
        asked = shop.run("ask", "--model", "one", "--question", "When?", "--context", BOAT)
        trained = shop.run(
            "train", "--model", "one", "--train-file", "boats.json", "--output-dir", "run", "--max-steps", 1)
        return asked.returncode == trained.returncode == 0, f"{said(asked)} {said(trained)}"


@check("a model with 64 positions", "every command chooses a length that fits")
def few_positions():
    with workshop() as shop:
        tiny.write(shop.folder / "short", BOAT, positions=64)
        data, codes = ["--model", "short", "--data", "boats.json"], []
        codes.append(shop.run("ask", "--model", "short", "--question", "When?", "--context", BOAT * 20).returncode)
        for command in (["predict", "--output", "p.json"], ["evaluate"], ["lengths"], ["plan", "--no-calibration"]):
            codes.append(shop.run(*command, *data).returncode)
        codes.append(shop.run(
            "train", "--model", "short", "--train-file", "boats.json", "--output-dir", "run", "--max-steps",
            1).returncode)
        return set(codes) == {0}, f"exit codes {codes}"


@check("an unknown class in architectures, and none at all", "loaded by model_type, or by the class")
def architectures():
    with workshop() as shop:
        tiny.write(shop.folder / "a", BOAT, architectures=["BertForSomethingElse"])
        tiny.write(shop.folder / "b", BOAT, model_type=None)
        ended = [shop.run("ask", "--model", name, "--question", "When?", "--context", BOAT) for name in "ab"]
        return [one.returncode for one in ended] == [0, 0], " ".join(map(said, ended))


@check("a pointer of Git LFS in the place of weights", "refused with the command that fetches them")
def pointer():
    with workshop() as shop:
        text = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 12345\n"
        (shop.folder / "model/model.safetensors").write_text(text)
        ended = shop.run("ask", "--model", "model", "--question", "When?", "--context", BOAT)
        return ended.returncode == 65 and "git lfs pull" in ended.stderr, f"{ended.returncode}: {said(ended)}"


@check("a seed of 64 bits", "kept to the last digit from the command line to run.json and back")
def seeds():
    seed = str(2**64 - 1)
    with workshop() as shop:
        first = ["--model", "model", "--train-file", "boats.json", "--max-steps", 1, "--validation-fraction", 0]
        codes = [shop.run("train", *first, "--seed", seed, "--output-dir", "one").returncode]
        codes.append(shop.run("train", "--config", "one/run.json", "--output-dir", "two").returncode)
        seen = [shop.read(f"{run}/run.json")["options"]["seed"] for run in ("one", "two")]
        return codes == [0, 0] and seen == [seed, seed], f"{codes}, {seen}"


@check("training goes on with other data", "refused, with the file's name; a longer run of the same data goes on")
def other_data():
    with workshop() as shop:
        train = ["train", "--model", "model", "--train-file", "boats.json", "--output-dir", "run", "--batch-size", 1]
        train += ["--validation-fraction", 0]
        codes = [shop.run(*train, "--epochs", 1).returncode, shop.run(*train, "--epochs", 2, "--resume").returncode]
        shop.write("boats.json", shop.read("boats.json") | {"version": "2"})
        other = shop.run(*train, "--epochs", 3, "--resume")
        held = codes == [0, 0] and other.returncode not in (0, 70) and "boats.json" in other.stderr
        return held, f"{codes}, then {other.returncode}: {said(other)}"


@check("answers of many words", "--max-answer-length in every command that answers")
def long_answers():
    commands = ["predict", "evaluate", "compare", "train", "ask", "chat", "serve"]
    with workshop() as shop:
        missing = [name for name in commands if "--max-answer-length" not in shop.run(name, "--help").stdout]
        tiny.write(shop.folder / "wide", BOAT, *(text for text, _ in QUESTIONS))
        lengths = []
        for limit in (1, 200):
            asked = shop.json("ask", "--model", "wide", "--question", "When?", "--context", BOAT * 5,
                              "--max-answer-length", limit, "--top-k", 20)
            lengths.append(max(len(answer["answer"].split()) for answer in asked["answers"]))
        return not missing and lengths[0] == 1 and lengths[1] > 30, f"missing in {missing}, longest answers {lengths}"
