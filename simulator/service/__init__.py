"""The fake cluster on the network: Admin Router, the backup API behind it, and its sockets."""
