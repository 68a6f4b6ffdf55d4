"""The server among its clients."""

import http.client
import json

import tiny
from rig.report import check
from rig.server import server
from workshop import BOAT, workshop

ASK = {"question": "When does the mail boat sail?", "context": BOAT}


def exchange(target, method, path, body=None, **headers):
    """Status, headers in small letters and body."""
    connection = http.client.HTTPConnection("127.0.0.1", target.port, timeout=30)
    try:
        if body is not None:
            headers.setdefault("content_type", "application/json")
        connection.request(
            method, path, None if body is None else json.dumps(body),
            {name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
    finally:
        connection.close()


@check("the inference API of Hugging Face", "a list of inputs; with top_k each place once, best first")
def inference_api():
    with workshop() as shop, server("--database", "none", model=shop.model) as target:
        status, _, several = exchange(target, "POST", "/", {"inputs": [ASK, ASK | {"question": "Where?"}]})
        body = {"inputs": ASK, "parameters": {"top_k": 12}}
        answers = json.loads(exchange(target, "POST", "/", body)[2])
        places = [(answer["start"], answer["end"]) for answer in answers]
        scores = [answer["score"] for answer in answers]
        held = status == 200 and len(json.loads(several)) == 2 and len(places) > 1
        held = held and len(set(places)) == len(places) and scores == sorted(scores, reverse=True)
        return held, f"{status}, {len(places)} places, {len(set(places))} different"


@check("pages of other origins", "refused unless --allow-origin names them; then preflight and headers")
def origins():
    page = "https://page.example"
    seen = []
    with workshop() as shop:
        for options in ([], ["--allow-origin", page]):
            with server("--database", "none", *options, model=shop.model) as target:
                preflight, allowed, _ = exchange(
                    target, "OPTIONS", "/v1/answer", origin=page, access_control_request_method="POST",
                    access_control_request_headers="content-type")
                status, headers, _ = exchange(target, "POST", "/v1/answer", ASK, origin=page)
                name = "access-control-allow-origin"
                seen.append((preflight < 300, allowed.get(name), status, headers.get(name)))
        held = seen[0][2] == 403 and seen[0][3] is None and seen[1] == (True, page, 200, page)
        return held, str(seen)


@check("a machine where no folder can be written", "serves; storing a document says how to have them")
def nowhere():
    with workshop() as shop:
        # Nobody can make a folder there, root included.
        with server(model=shop.model, environment={"XDG_DATA_HOME": "/proc/nowhere"}, folder="/") as target:
            answered = target.ask("POST", "/v1/answer", ASK)[0]
            status, body = target.ask("PUT", "/v1/documents/boat", {"text": BOAT})
        return answered == 200 and status == 501 and b"--database" in body, f"{answered}, then {status}: {body[:120]!r}"


@check("texts of many windows, and models with few positions", "answered from the whole text, offsets in characters")
def long_texts():
    with workshop() as shop:
        tiny.write(shop.folder / "short", BOAT, positions=64)
        with server("--database", "none", model=f"{shop.folder}/short") as target:
            text = "⚓ " + BOAT * 40
            status, body = target.ask("POST", "/v1/answer", ASK | {"context": text, "top_k": 5})
        answers = json.loads(body)["answers"]
        right = [text[one["start"]:one["end"]] == one["text"] for one in answers]
        return status == 200 and len(right) == 5 and all(right), f"{status}, {right}"
