"""The document of all options, and the one in `docs/`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from ravine.options.documentation import options_document

ROOT = Path(__file__).resolve().parents[2]


def test_an_option_is_a_row(Baking):
    text = options_document({"bake": Baking})
    assert "| `--oven-heat` | `oven_heat` | number |  | at least 0 and below 300 | degrees |" in text
    assert "| `-C`, `--colors` | `colors` | list | `red` |" in text
    assert "| `--flour` | `flour` | text | `wheat` | `wheat`, `rye`, `spelt` |" in text
    assert "| `RECIPE` (argument) | `source` |" in text
    assert text.index("## Data") < text.index("--flour") < text.index("## Training") < text.index("--loaves")


def test_the_generated_documents_in_docs_are_up_to_date():
    script = ROOT / "scripts" / "generate_docs.py"
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
