"""The command ``dcos-sim``: one thin file for each of its commands."""
