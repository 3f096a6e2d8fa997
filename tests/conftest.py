"""What every test of this project shares: how Hypothesis runs."""

from hypothesis import settings

settings.register_profile("dcos-sim", deadline=None, derandomize=True)
settings.load_profile("dcos-sim")
