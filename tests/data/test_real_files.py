"""Every single-table set of the shared data: rows, inputs, target and task as its README has them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ravine.data import Scaler, prepare, read, split

BESIDE = [folder / "shared" / "data" for folder in Path(__file__).resolve().parents]
SHARED = next((folder for folder in BESIDE if (folder / "README.md").exists()), Path("absent"))
pytestmark = pytest.mark.skipif(not SHARED.exists(), reason="the shared data are not here")

CLASSES, NUMBERS = "classify", "regress"
GRID, GAL, HIGGS = "grid_stability/", "uci_regression_gal/", "higgs_uci_15k/"

# file, target, its name, rows, other columns, classes (None: numbers), test file, said in the notes
SETS = [
    ("magic_gamma/magic04.data", -1, "c10", 19020, 10, 2, None, ["no header"]),
    ("htru2_pulsar/HTRU_2.csv", "y", "y", 17898, 8, 2, None, []),
    ("htru2_pulsar/HTRU_2_cr_line_endings.csv", "boolean", "boolean", 17898, 8, 2, None, ["line ends CR"]),
    (
        "htru2_pulsar/pulsar_data_train_missing.csv",
        "8",
        "c8",
        12528,
        8,
        2,
        None,
        ["byte-order mark", "no header", "only separators", "filled with the median"],
    ),
    (HIGGS + "higgs_train_10k.csv", "response", "response", 15000, 28, 2, HIGGS + "higgs_test_5k.csv", []),
    (
        "higgs_lightgbm7k/binary.train",
        0,
        "c0",
        7500,
        28,
        2,
        "higgs_lightgbm7k/binary.test",
        ["separator tab, no header"],
    ),
    (
        "cms_zll/Zmumu_Run2011A_masses.csv",
        "M",
        "M",
        10851,
        20,
        None,
        None,
        ["constant): Type1, Type2", "Event"],
    ),
    ("cms_dielectron_1k/dielectron.csv", "M", "M", 1000, 18, None, None, ["E1 (", "Event"]),
    (
        "fair_higgsml_parquet/FAIR_Universe_HiggsML_data.parquet",
        "labels",
        "labels",
        1000,
        30,
        2,
        None,
        ["detailed_labels", "-25"],
    ),
    (
        "sdss_skyserver/Skyserver_SQL2_27_2018 6_51_39 PM.csv",
        "class",
        "class",
        10000,
        17,
        3,
        None,
        ["constant): objid, rerun", "suspected leak: redshift", "kept (--drop, or --groups if rows"],
    ),
    (
        "bank_additional/bank-additional.csv",
        "y",
        "y",
        4119,
        20,
        2,
        None,
        ["semicolon", "'unknown'", "pdays (999"],
    ),
    (
        "telco_churn/Telco-Customer-Churn.csv",
        "Churn",
        "Churn",
        7043,
        20,
        2,
        None,
        ["customerID", "TotalCharges"],
    ),
    ("titanic/titanic.csv", "Survived", "Survived", 891, 11, 2, None, ["PassengerId, Name", "Ticket, Cabin"]),
    (
        "california_housing/housing.csv",
        "median_house_value",
        "median_house_value",
        20640,
        9,
        None,
        None,
        ["total_bedrooms"],
    ),
    (
        "credit_default/UCI_Credit_Card.csv",
        "default.payment.next.month",
        "default.payment.next.month",
        30000,
        24,
        2,
        None,
        ["identifiers; --features keeps them): ID"],
    ),
    (
        "product_backorders/product_backorders.csv",
        "went_on_backorder",
        "went_on_backorder",
        19053,
        22,
        2,
        None,
        ["sku", "taken as missing: perf_6_month_avg (-99", "lead_time"],
    ),
    ("covtype_15k/covtype.csv", "Cover_Type", "Cover_Type", 15000, 54, 7, None, ["constant): Soil_Type15"]),
    (
        "adult/adult-train.csv",
        "14",
        "c14",
        48842,
        14,
        2,
        "adult/adult-test.csv",
        ["'>50K.' for '>50K'", "'?'"],
    ),
    (
        "wine_quality/winequality-red.csv",
        "quality",
        "quality",
        1599,
        11,
        6,
        None,
        ["--task regress", "repeat"],
    ),
    (
        "wine_quality/winequality-white.csv",
        "quality",
        "quality",
        4898,
        11,
        7,
        None,
        ["--task regress", "repeat"],
    ),
    (GRID + "Data_for_UCI_named_semicolon.csv", "stab", "stab", 10000, 12, None, None, ["semicolon", "CRLF"]),
    (GRID + "electric_grid.csv.gz", "stab", "stab", 10000, 13, None, None, ["suspected leak: stabf"]),
    (GRID + "electric_grid.csv.gz", "stabf", "stabf", 10000, 13, 2, None, ["suspected leak: stab "]),
    (
        "ctg_cardio/CTG.csv",
        "CLASS",
        "CLASS",
        2126,
        40,
        10,
        None,
        ["AC.2, FM.2", "constant): DR", "suspected leak: A, B, C, D, E, AD, DE, LD, FS, SUSP (together"],
    ),
    ("imbalanced_small/mammography.csv", -1, "c6", 11183, 6, 2, None, ["no header"]),
    ("imbalanced_small/oil-spill.csv", -1, "c49", 937, 49, 2, None, ["constant): c22"]),
    ("airfoil/airfoil.csv.gz", -1, "c5", 1503, 5, None, None, ["gzip"]),
    (GAL + "concrete.txt.gz", 8, "c8", 1030, 8, None, None, []),
    (GAL + "energy.txt.gz", 8, "c8", 768, 8, None, None, []),
    (GAL + "kin8nm.txt.gz", 8, "c8", 8192, 8, None, None, ["separator blanks"]),
    (GAL + "naval-propulsion-plant.txt.gz", 16, "c16", 11934, 17, None, None, ["constant): c8, c11"]),
    (GAL + "power-plant.txt.gz", 4, "c4", 9568, 4, None, None, []),
    (GAL + "protein-tertiary-structure.txt.gz", 9, "c9", 45730, 9, None, None, ["separator blanks"]),
    (GAL + "wine-quality-red.txt.gz", 11, "c11", 1599, 11, 6, None, []),
    (GAL + "yacht.txt.gz", 6, "c6", 308, 6, None, None, []),
]


@pytest.mark.parametrize(
    ("file", "target", "name", "rows", "columns", "classes", "test", "said"),
    SETS,
    ids=[s[0] + f":{s[1]}" for s in SETS],
)
def test_a_set_is_ready_with_nothing_but_its_target(file, target, name, rows, columns, classes, test, said):
    table = read(SHARED / file)
    assert table.frame.shape[1] == columns + 1
    data = prepare(table, target=target, test=None if test is None else read(SHARED / test))
    assert (data.target, len(data), data.task) == (name, rows, CLASSES if classes else NUMBERS)
    assert classes == (None if data.classes is None else len(data.classes))
    assert len(data.development) + len(data.test) == rows
    notes = "\n".join(data.notes)
    for each in said:
        assert each in notes
    halves = [split(data, seed) for seed in (0, 1)]
    assert len(halves[0].train) == len(halves[1].train)
    assert len(halves[0].valid) == len(halves[1].valid)
    assert not np.isin(data.test, np.concatenate([halves[0].train, halves[0].valid])).any()
    x = Scaler.fit(data.x[halves[0].train]).apply(data.x)
    assert np.isfinite(x).all()
    assert np.abs(x[halves[0].train].mean(0)).max() < 1e-3


def test_the_missing_codes_of_higgs_are_found():
    data = prepare(
        read(SHARED / "atlas_higgsml_10k" / "train_sml_bg.csv"), target="DER_mass_vis", drop=["KaggleWeight"]
    )
    (note,) = [each for each in data.notes if each.startswith("taken as missing")]
    frame = read(SHARED / "atlas_higgsml_10k" / "train_sml_bg.csv").frame
    with_code = [c for c in frame.columns if (frame[c] == -999.0).any()]
    assert all(c + " (-999" in note for c in with_code)
    assert note.count("-999") == len(with_code)


def test_header_or_not_in_side_files():
    assert not read(SHARED / "airfoil" / "airfoil_test_mask.csv.gz").header
    assert not read(SHARED / "higgs_lightgbm7k" / "binary.train.weight").header
    assert len(read(SHARED / "higgs_lightgbm7k" / "binary.train.weight")) == 7000


@pytest.mark.slow
def test_mnist():
    data = prepare(read(SHARED / "mnist"))
    assert (len(data), len(data.features), len(data.test), data.shape) == (70000, 784, 10000, (28, 28))
    assert data.classes == list(range(10))
    np.testing.assert_allclose(
        [data.x[data.development].mean(), data.x[data.development].std()], [0, 1], atol=1e-3
    )
