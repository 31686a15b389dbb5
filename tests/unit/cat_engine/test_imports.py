"""The engine is numpy alone until somebody calibrates, sets constraints or draws."""

import json
import subprocess
import sys

# What would make the engine slow to load or hard to install on its own.
HEAVY = ["scipy", "girth", "matplotlib", "pandas", "flask", "sqlalchemy", "requests", "click"]
PROGRAM = f"""
import importlib, json, pkgutil, sys
import cat_engine
for module in pkgutil.iter_modules(cat_engine.__path__):
    importlib.import_module("cat_engine." + module.name)
print(json.dumps([name for name in {HEAVY} if name in sys.modules]))
"""


def test_importing_every_module_loads_nothing_but_numpy() -> None:
    outcome = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert json.loads(outcome.stdout) == []
