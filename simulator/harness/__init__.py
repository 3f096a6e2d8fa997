"""The harness: scenario files, the runner, the clients it drives, and the pytest plugin."""
