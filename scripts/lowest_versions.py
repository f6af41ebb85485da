"""The lowest versions of the dependencies that `pyproject.toml` allows, as constraints for pip.

python scripts/lowest_versions.py > constraints.txt
pip install -c constraints.txt .
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

__all__ = ["lowest_versions"]

PROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"
TOOLS = "test"  # extra with the tools of the tests, of which the newest versions are used
REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)(?:\[[^\]]*\])?>=([0-9][0-9A-Za-z.]*)")


def lowest_versions(project: Path = PROJECT) -> dict[str, str]:
    """Return the lowest allowed version of each dependency by name, those of the extras included.

    Raises ValueError for a dependency without a lower bound.
    """
    table = tomllib.loads(project.read_text("utf-8"))["project"]
    extras = {name: lines for name, lines in table["optional-dependencies"].items() if name != TOOLS}
    versions = {}
    for line in [*table["dependencies"], *(line for lines in extras.values() for line in lines)]:
        match = REQUIREMENT.fullmatch(line.replace(" ", ""))
        if match is None:
            raise ValueError(f"The dependency '{line}' is not of the form 'NAME>=VERSION'.")
        versions[match[1]] = match[2]
    return versions


if __name__ == "__main__":
    sys.stdout.write("".join(f"{name}=={version}\n" for name, version in lowest_versions().items()))
