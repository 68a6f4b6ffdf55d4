"""Calls every operation once, with a client that openapi-python-client generated from the server's description.

    openapi-python-client generate --url http://127.0.0.1:8080/openapi.json --output-path client
    PYTHONPATH=client python generated_client.py http://127.0.0.1:8080
"""

import sys

from bert_qa_client import Client
from bert_qa_client.api.documents import delete_document, document, documents, put_document
from bert_qa_client.api.questions import answer, answer_document, answers, hugging_face
from bert_qa_client.api.server import health, metrics, models, openapi, page, ready
from bert_qa_client.models import (
    AnswerRequest, AnswersRequest, DocumentQuestion, DocumentText, Error, HuggingFaceRequest, Offsets, Parameters,
    TextPair,
)

text = "The tower was designed by Gustave Eiffel and opened in 1889."
client = Client(base_url=sys.argv[1], raise_on_unexpected_status=True)

found = answer.sync(client=client,
    body=AnswerRequest(question="When did the tower open?", context=text, offsets=Offsets.UTF8))
print("answer:", found.answers[0].text, found.answers[0].start)
pairs = [TextPair(question="Who designed it?", context=text), TextPair(question="When did it open?", context=text)]
print("answers:", *(result.answers[0].text
    for result in answers.sync(client=client, body=AnswersRequest(pairs=pairs)).results), sep=" | ")

print("stored:", put_document.sync(client=client, id="eiffel", body=DocumentText(text=text)).characters)
stored = answer.sync(client=client, body=AnswerRequest(question="Who designed the tower?")).answers[0]
print("found:", stored.document, stored.text, stored.passage.start)
about = answer_document.sync(client=client, id="eiffel",
    body=DocumentQuestion(question="Who designed the tower?", top_k=2))
print("about:", about.answers[0].text)
print("listed:", [entry.id for entry in documents.sync(client=client, limit=10).documents])
print("read:", document.sync(client=client, id="eiffel").text == text)
print("deleted:", delete_document.sync_detailed(client=client, id="eiffel").status_code.value)
missing = document.sync(client=client, id="eiffel")
print("missing:", isinstance(missing, Error) and missing.error.type_)

one = HuggingFaceRequest(inputs=TextPair(question="Who designed it?", context=text), parameters=Parameters(top_k=1))
print("hugging face:", hugging_face.sync(client=client, body=one).answer)
refused = answer.sync(client=client, body=AnswerRequest(question="Who?", context=text, top_k=0))
print("refused:", isinstance(refused, Error) and refused.error.field)

print("model:", models.sync(client=client).models[0].id)
print("health:", health.sync(client=client).status, ready.sync(client=client).status)
print("others:", "bertqa" in metrics.sync(client=client), "<html" in page.sync(client=client),
    openapi.sync(client=client)["openapi"])
