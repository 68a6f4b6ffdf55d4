"""LangChain: a retriever over the server's documents, and a chain step that answers a question about a text.

    python langchain_qa.py http://127.0.0.1:8080
"""

import sys

import requests
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableLambda


def post(server: str, path: str, **fields) -> dict:
    response = requests.post(server + path, json=fields, timeout=60)
    response.raise_for_status()
    return response.json()


class BertQARetriever(BaseRetriever):
    server: str
    top_k: int = 3

    def _get_relevant_documents(self, query: str, *, run_manager) -> list[Document]:
        found = post(self.server, "/v1/answer", question=query, top_k=self.top_k)
        return [Document(answer["passage"]["text"], metadata=answer) for answer in found["answers"]]


def reader(server: str) -> RunnableLambda:
    return RunnableLambda(lambda inputs: post(server, "/v1/answer", **inputs)["answers"][0]["text"])


if __name__ == "__main__":
    server, question = sys.argv[1], "Who designed the tower?"
    text = "The tower was designed by Gustave Eiffel and opened in 1889."
    requests.put(f"{server}/v1/documents/eiffel", json={"text": text}, timeout=60).raise_for_status()
    passages = BertQARetriever(server=server).invoke(question)
    print(passages[0].metadata["document"], "->", passages[0].metadata["text"])
    print((RunnableLambda(lambda q: {"question": q, "context": text}) | reader(server)).invoke("When did it open?"))
