"""The studies, one package each. `execution/registry.py` lists them."""
