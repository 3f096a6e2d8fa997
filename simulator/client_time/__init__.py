"""Cluster time for Python clients in this process: their dates, and what they sleep."""
