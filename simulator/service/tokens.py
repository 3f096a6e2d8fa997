"""The token of a fake cluster."""

import base64
import json

from simulator.chance import SeededChance

SIGNATURE_BYTES = 256


def make_token(chance: SeededChance, username: str) -> str:
    """Make a token that looks like one of DC/OS: header, ``uid``, and a signature.

    It has no ``exp``, so it never expires (such tokens are valid, adminrouter test_auth.py). The
    signature is made up from the seed.
    """
    header = {"typ": "JWT", "alg": "RS256"}
    payload = {"uid": username}
    signature = chance.bytes("token signature", SIGNATURE_BYTES)
    parts = (json.dumps(header).encode(), json.dumps(payload).encode(), signature)
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
