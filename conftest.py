"""Loaded for everything below this folder, the bundled scenarios too: needs what users have."""

pytest_plugins = ["pytester"]
