"""What huggingface_hub reads of the model cards that the tests expect: Tests/FineTuningTests/Fixtures/card-*.json."""

import dataclasses
import json
import pathlib

from huggingface_hub import ModelCard

FIXTURES = pathlib.Path(__file__).parent.parent / "Tests/FineTuningTests/Fixtures"

for path in sorted(FIXTURES.glob("card-*.txt")):
    card = ModelCard(path.read_text(encoding="utf-8"), ignore_metadata_errors=False)
    data = dict(vars(card.data))
    data["eval_results"] = [dataclasses.asdict(result) for result in data["eval_results"]]
    for result in data["eval_results"]:
        for name in [name for name, value in result.items() if value is None]:
            del result[name]
    data = {name: value for name, value in data.items() if value is not None}
    # The text behind the front matter is the card's, and nothing of it was taken for front matter.
    assert card.text.lstrip().startswith("# "), path
    path.with_suffix(".json").write_text(json.dumps(data, indent=1, sort_keys=True) + "\n")
