"""The committed outputs of `make.py`."""

import json
from pathlib import Path

REFERENCES = json.loads(Path(__file__).with_name("references.json").read_text())
