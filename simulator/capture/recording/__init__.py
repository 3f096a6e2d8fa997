"""A proxy that stands between a client and a cluster, and writes down what it sees."""
