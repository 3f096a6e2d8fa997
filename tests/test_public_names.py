"""What the package promises: the names in ``__all__``, each of them real."""

import importlib
import subprocess
import sys

import simulator


def test_every_public_name_can_be_imported() -> None:
    for name in simulator.__all__:
        assert getattr(simulator, name).__name__ == name


def test_public_names_are_sorted_and_said_once() -> None:
    assert sorted(set(simulator.__all__)) == simulator.__all__


def test_a_name_that_is_not_promised_is_an_attribute_error() -> None:
    assert not hasattr(importlib.import_module("simulator"), "Nonsense")


def test_importing_the_package_imports_nothing_heavy() -> None:
    program = "import simulator, sys; print(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30
    )
    assert {"aiohttp", "pydantic", "faker", "yaml"}.isdisjoint(run.stdout.split())
