"""Haystack: a reader component that follows a retriever in a pipeline.

    python haystack_qa.py http://127.0.0.1:8080
"""

import sys

import requests
from haystack import Document, ExtractedAnswer, Pipeline, component
from haystack.components.retrievers.in_memory import InMemoryBM25Retriever
from haystack.document_stores.in_memory import InMemoryDocumentStore


@component
class BertQAReader:
    def __init__(self, server: str):
        self.server = server

    @component.output_types(answers=list[ExtractedAnswer])
    def run(self, query: str, documents: list[Document]):
        pairs = [{"question": query, "context": document.content} for document in documents]
        response = requests.post(f"{self.server}/v1/answers", json={"pairs": pairs}, timeout=60)
        response.raise_for_status()
        answers = []
        for document, result in zip(documents, response.json()["results"]):
            found = result["answers"][0]
            answers.append(ExtractedAnswer(query, found["score"], found["text"], document))
        return {"answers": sorted(answers, key=lambda answer: -answer.score)}


if __name__ == "__main__":
    question, store = "Who designed the tower?", InMemoryDocumentStore()
    texts = ["The tower was designed by Gustave Eiffel and opened in 1889.", "Ada Lovelace wrote a program in 1843."]
    store.write_documents([Document(content=text) for text in texts])
    pipeline = Pipeline()
    pipeline.add_component("retriever", InMemoryBM25Retriever(store, top_k=2))
    pipeline.add_component("reader", BertQAReader(sys.argv[1]))
    pipeline.connect("retriever.documents", "reader.documents")
    print(pipeline.run({"retriever": {"query": question}, "reader": {"query": question}})["reader"]["answers"][0].data)
