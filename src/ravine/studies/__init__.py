"""The studies (the code behind commands that train), one package each. `execution/registry.py` lists them."""
