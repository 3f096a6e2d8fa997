"""What every test of this project shares: pytest's own tester, and how Hypothesis runs."""

from hypothesis import settings

pytest_plugins = ["pytester"]

settings.register_profile("dcos-sim", deadline=None, derandomize=True)
settings.load_profile("dcos-sim")
