"""Reports are written without the libraries that train and draw."""

import json
import subprocess
import sys

HEAVY = {"jax", "jaxlib", "optax", "numpy", "pandas", "scipy", "sklearn", "matplotlib"}
CODE = """
import json, sys
from ravine.render.blocks import Chart, Paragraph, Series
from ravine.render.html import html
from ravine.render.text import text
from ravine.render.view_json import view_to_dict
view = [Paragraph("x"), Chart("c", [Series("a", [1, 2], [1, 2])])]
text(view), html(view), view_to_dict(view)
print(json.dumps(sorted(name.partition(".")[0] for name in sys.modules)))
"""


def test_nothing_heavy_is_imported():
    ended = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    loaded = set(json.loads(ended.stdout))
    assert "ravine" in loaded
    assert not loaded & HEAVY
