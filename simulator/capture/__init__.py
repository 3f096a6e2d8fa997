"""Turns what somebody has seen of a cluster into scenarios that show it again."""
