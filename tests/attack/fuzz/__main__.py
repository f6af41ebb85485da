"""Entry point of `python -m tests.attack.fuzz`."""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path

from tests.attack.fuzz.targets import CORPUS, TARGETS
from tests.attack.results import ROOT

NEW = ROOT / ".cache" / "fuzz"  # inputs that reach new code, and findings
INPUT_S, MEMORY_MB, MAX_BYTES = 20, 3_000, 8_192  # limits on one input


def main() -> int:
    """Fuzz the targets in turn; return 1 if one has a finding."""
    parser = argparse.ArgumentParser(prog="python -m tests.attack.fuzz", description=__doc__)
    parser.add_argument("target", nargs="?", choices=TARGETS)
    parser.add_argument("--minutes", type=float, default=60.0, help="for all targets together")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    targets = [given.target] if given.target else list(TARGETS)
    seconds = max(1, round(60 * given.minutes / len(targets)))
    if given.here:
        fuzz(given.target, seconds)
    executions, findings = 0, 0
    for target in targets:
        module = [sys.executable, "-m", "tests.attack.fuzz"]
        command = [*module, target, "--minutes", str(seconds / 60), "--here"]
        process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, errors="replace")
        assert process.stderr is not None
        counts = [0]
        for line in process.stderr:
            if found := re.match(r"(?:#|Done )(\d+)\b", line):
                counts.append(int(found[1]))
            elif not line.startswith(("INFO", "#")):
                print(line, end="")
        failed = process.wait() != 0
        executions, findings = executions + max(counts), findings + failed
        print(f"{target}: {max(counts):,} executions, {'a finding' if failed else 'no finding'}", flush=True)
    print(f"{executions:,} executions, {findings} findings")
    return int(findings > 0)


def fuzz(target: str, seconds: int) -> None:
    """Fuzz one target in this process, which atheris ends."""
    import atheris

    with atheris.instrument_imports(include=["ravine"]):
        from tests.attack import product

        product.import_readers()
    new, findings = NEW / target / "corpus", NEW / target / "findings"
    for folder in (new, findings):
        folder.mkdir(parents=True, exist_ok=True)
    options = {
        "max_total_time": seconds, "timeout": INPUT_S, "rss_limit_mb": MEMORY_MB, "max_len": MAX_BYTES,
        "artifact_prefix": f"{findings}/",
    }  # fmt: skip
    words = [f"-{name}={value}" for name, value in options.items()]
    atheris.Setup([sys.argv[0], *words, str(new), str(Path(CORPUS) / target)], TARGETS[target])
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
