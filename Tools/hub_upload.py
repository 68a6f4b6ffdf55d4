"""Uploads a folder with huggingface_hub itself: Tools/hub_upload.py ENDPOINT TOKEN FOLDER ID BRANCH.

HubTests run it against the hub of the tests (BERTQA_HUB_PYTHON names a Python with huggingface_hub), to show that the
hub of the tests answers as the client of the real one expects."""

import os
import sys

# The older of the client's two ways, which BertQA uses: Git LFS.
os.environ["HF_HUB_DISABLE_XET"] = "1"
os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"

from huggingface_hub import HfApi

endpoint, token, folder, repository, branch = sys.argv[1:]
api = HfApi(endpoint=endpoint, token=token)
api.create_repo(repository, private=True, exist_ok=True)
api.create_branch(repository, branch=branch, exist_ok=True)
api.upload_folder(repo_id=repository, folder_path=folder, revision=branch, commit_message="From Python")
for file in api.model_info(repository, revision=branch).siblings:
    print(file.rfilename)
