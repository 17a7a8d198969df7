"""How a front and an engine make sure of each other before any source is sent.

The engine's record holds a secret, in a folder that only the user can read.  Each side proves by
an HMAC over both sides' nonces that it has read it.  A Unix socket in that folder would do
without; a TCP port would not, and one way is easier to trust than two.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets

from completion.hosts.channel import HANDSHAKE_BYTES, Channel
from completion.hosts.messages import PROTOCOL, Challenge, Malformed, Message, Proof, Welcome

LIMIT_S = 10.0


async def admit(channel: Channel, secret: str, build: str) -> None:
    """Let a front in, on the engine's side.

    Raises:
        Malformed: It is none of the user's fronts, or says nothing.
        ConnectionAbortedError: It left.
    """
    ours = secrets.token_hex(16)
    channel.send(Challenge(PROTOCOL, build, ours))
    answer = await _next(channel)
    if not isinstance(answer, Proof) or not _is(answer.proof, _proof(secret, "front", ours, answer)):
        raise Malformed("a front that does not know the secret")
    channel.send(Welcome(_proof(secret, "engine", ours, answer)))


async def introduce(channel: Channel, secret: str) -> Challenge:
    """Make an engine let this front in, and return how it introduced itself.  The channel is closed if it does not.

    Raises:
        Malformed: It is not the engine that wrote the record, or speaks another protocol, or nothing.
        ConnectionAbortedError: It left: it died, or the record's secret is not its own.
    """
    try:
        return await _introduce(channel, secret)
    except BaseException:
        channel.abort()
        raise


async def _introduce(channel: Channel, secret: str) -> Challenge:
    challenge = await _next(channel)
    if not isinstance(challenge, Challenge) or challenge.protocol != PROTOCOL:
        raise Malformed("an engine that speaks another protocol")
    opening = Proof(secrets.token_hex(16), "")
    channel.send(Proof(opening.nonce, _proof(secret, "front", challenge.nonce, opening)))
    welcome = await _next(channel)
    expected = _proof(secret, "engine", challenge.nonce, opening)
    if not isinstance(welcome, Welcome) or not _is(welcome.proof, expected):
        raise Malformed("an engine that does not know the secret")
    return challenge


async def _next(channel: Channel) -> Message:
    try:
        message = await asyncio.wait_for(channel.receive(HANDSHAKE_BYTES), LIMIT_S)
    except TimeoutError:
        raise Malformed("one that says nothing") from None
    if message is None:
        raise ConnectionAbortedError("the other side has gone")
    return message


def _is(given: str, expected: str) -> bool:
    """Whether a proof is right; takes equally long for any wrong one, which may be any text."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode())


def _proof(secret: str, side: str, engine_nonce: str, front: Proof) -> str:
    text = f"{side}:{engine_nonce}:{front.nonce}"
    return hmac.new(bytes.fromhex(secret), text.encode(), hashlib.sha256).hexdigest()
