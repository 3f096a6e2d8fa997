"""A command-line client of the documented API: ``dcos-backup``, as ``dcos backup`` would be.

It imports nothing else of this project, so it starts quickly and can be judged like any client.
"""
