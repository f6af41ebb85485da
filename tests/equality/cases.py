"""The commands that `compare_json.py` records, by name.

`--json` is added to each, and `-o runs/NAME` to those that make a run. A case may use the folder of another
before it.
`table.csv` and `new.csv` are those of `tests/fixtures/version1`.
"""

from __future__ import annotations

__all__ = ["CASES", "STATUS", "STUDIES"]

CLASSES = "table.csv --target kind --drop price,weight,batch --net 4"
NUMBERS = "table.csv --target price --drop kind,weight,batch --net 4"
WEIGHTED = "table.csv --target price --drop kind --weights weight --groups batch --net 4"

STUDIES = ("compare", "train", "sweep", "diagnose", "landscape", "memorise", "descent")
"""Commands that make a run, except for a dry run."""

CASES: dict[str, str] = {
    # comparisons
    "compare-classes": f"compare {CLASSES} -O sgd,adam --effort quick --seeds 5 --epochs 6",
    "compare-weights-groups": f"compare {WEIGHTED} -O momentum,rmsprop --effort quick --seeds 4 --epochs 4",
    "compare-tune-all": f"compare {CLASSES} -O momentum,adam --track full --schedules constant --effort quick"
    " --seeds 4 --epochs 4",
    "compare-optax": f"compare {NUMBERS} -O sgd,'optax:lion(b1=0.8)'"
    " --schedules 'constant,step(0.1,every=2),cosine' --effort quick --seeds 3 --epochs 4",
    "compare-float64": f"compare {CLASSES} -O nesterov,adagrad --precision float64 --effort quick --seeds 4"
    " --epochs 4",
    "compare-all-rules": "compare iris --net 4 --effort quick --seeds 8 --epochs 4",
    "compare-penalties": f"compare {CLASSES} -O sgd,adam --l2 0.01 --clip 1 --average ema=0.9 --smoothing 0.1"
    " --early-stop 3 --effort quick --seeds 4 --epochs 4",
    "compare-test-share": "compare wine --net 4 -O sgd,adam --test 0.25 --metric log_loss --effort quick"
    " --seeds 4 --epochs 3",
    "compare-dry-run": f"compare {CLASSES} --effort quick --dry-run",
    "compare-dry-run-tune-all": f"compare {WEIGHTED} -O sgd,adam --track full --effort standard --dry-run",
    # trainings
    "train-classes": f"train {CLASSES} --seeds 3 --epochs 10",
    "train-weights-early-stop": f"train {WEIGHTED} -O 'momentum(rho=0.8)' --rate 0.02 --early-stop 4"
    " --min-change 0.001 --seeds 2 --epochs 20",
    "train-moving": f"train {CLASSES} --net '4 dropout=0.2' --schedule 'step(0.1,every=2)'"
    " --moving 'dropout=linear(0.5)' --seeds 2 --epochs 8",
    "train-plateau": f"train {NUMBERS} --schedule plateau --l1 0.001 --decay 0.01 --average tail=0.5"
    " --epochs 20",
    "train-residual": f"train {CLASSES} --net '4-4 residual batchnorm' --activation tanh --init glorot"
    " --epochs 8",
    "train-images": "train digits --net '4 conv=2' --augment 'shift=1 noise=0.1' --epochs 1",
    "train-optax-float64": f"train {NUMBERS} -O 'optax:adamw(weight_decay=0.01)' --rate 0.01"
    " --precision float64 --epochs 8",
    "train-best": "train -c runs/compare-classes/best.toml --seeds 2",
    "train-dry-run": f"train {CLASSES} --schedule 'cosine(warmup=0.1)' --dry-run",
    # sweeps
    "sweep-grid": f"sweep {CLASSES} --vary l2=0,0.01 --vary net=4,6 --rate 0.01 --seeds 4 --epochs 4",
    "sweep-tuned": f"sweep {WEIGHTED} --vary dropout=0,0.3 --vary optimizer=sgd,adam --seeds 3 --epochs 3",
    "sweep-random": f"sweep {CLASSES} --vary rate=1e-3..1e-1 --vary b1=0.5..0.95 --vary activation=relu,elu"
    " --random 5 --seeds 3 --epochs 4",
    "sweep-dry-run": f"sweep {CLASSES} --vary schedule=constant,decay --vary batch_size=8,16 --dry-run",
    # diagnoses
    "diagnose-rate-high": f"diagnose {CLASSES} -O sgd --rate 10 --seeds 8 --epochs 20",
    "diagnose-rate-low": f"diagnose {WEIGHTED} --rate 1e-5 --seeds 5 --epochs 10",
    "diagnose-saturated": f"diagnose {CLASSES} --net 8-8 --activation sigmoid --init-scale 30 --seeds 5"
    " --epochs 20",
    "diagnose-run": "diagnose runs/train-classes --no-proof",
    "diagnose-model": "diagnose runs/compare-classes/models/best table.csv --target kind"
    " --drop price,weight,batch",
    "diagnose-dry-run": f"diagnose {CLASSES} --dry-run",
    # landscapes
    "landscape-classes": f"landscape {CLASSES} -O sgd,adam --epochs 4 --grid 7",
    "landscape-float64": f"landscape {NUMBERS} -O momentum --rate 0.05 --solutions 2 --precision float64"
    " --epochs 4 --grid 5 --span 0.5",
    "landscape-run": "landscape runs/train-weights-early-stop --grid 5",
    "landscape-dry-run": f"landscape {CLASSES} --dry-run",
    # memory and double descent
    "memorise-classes": f"memorise {CLASSES} --effort quick --seeds 8 --epochs 20",
    "memorise-dry-run": f"memorise {CLASSES} --dry-run",
    "descent-classes": f"descent {CLASSES} --noise 0.2 --effort quick --seeds 3 --epochs 6",
    "descent-weights": f"descent {WEIGHTED} --effort quick --seeds 3 --epochs 4",
    "descent-dry-run": f"descent {CLASSES} --dry-run",
    # claims of the lecture
    "lecture-list": "lecture",
    "lecture-A1": "lecture A1",
    "lecture-L9": "lecture L9",
    "lecture-O5": "lecture O5 O4",
    # models and the list of runs
    "predict-compare": "predict runs/compare-classes new.csv",
    "predict-float64": "predict runs/train-optax-float64 new.csv",
    "predict-weights": "predict runs/train-weights-early-stop/models/best new.csv",
    "predict-images": "predict runs/train-images digits",
    "listed-train": f"train {CLASSES} --epochs 2 -o listed/train",
    "listed-compare": f"compare {CLASSES} -O sgd,adam --effort quick --seeds 3 --epochs 2 -o listed/compare",
    "runs-list": "runs listed",
    "runs-one": "runs runs/compare-classes",
    "resume-finished": "resume runs/compare-classes",
    "runs-none": "runs nowhere",
    # refusals
    "refused-no-file": "compare nowhere.csv",
    "refused-target": "train table.csv --target prize",
    "refused-option": f"train {CLASSES} --activation swich",
    "refused-number": f"sweep {CLASSES} --vary dropout=1.5",
    "refused-study": f"memorise {NUMBERS}",
}

STATUS = {
    "runs-none": 3,
    "refused-no-file": 3,
    "refused-target": 3,
    "refused-option": 2,
    "refused-number": 2,
    "refused-study": 2,
}
"""Exit statuses that are not 0."""
