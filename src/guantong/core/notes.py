"""Signed notes and checkpoints: how the state of the log is published and witnessed.

Formats of C2SP (signed-note, tlog-checkpoint, tlog-cosignature): a text, an empty line, and one line for each
signature. A checkpoint's text names the log, its size and its root; a witness signs the same text with its own clock,
after it has seen a proof that the log only grew. A log signed by a key on its own host proves little: the witness does.
"""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from guantong.core.merkle import HASH_SIZE

ED25519 = 1
COSIGNATURE = 4
MAX_SIGNATURES = 100
_MARK = "— "


class NoteError(ValueError):
    """The note, checkpoint or key is not well formed, or a known key's signature is wrong."""


def _key_id(name: str, kind: int, public: bytes) -> bytes:
    return sha256(f"{name}\n".encode() + bytes([kind]) + public).digest()[:4]


def _check_name(name: str) -> None:
    if not name or "+" in name or any(letter.isspace() for letter in name):
        raise NoteError(f"{name!r} is no name of a key.")


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NoteError(f"{text!r} is not base64.") from None


def _signed_bytes(text: str, kind: int, seconds: int) -> bytes:
    """What is signed: the text itself by the log, the text below a time by a witness."""
    head = f"cosignature/v1\ntime {seconds}\n" if kind == COSIGNATURE else ""
    return (head + text).encode()


@dataclass(frozen=True)
class Verifier:
    """The public half of a key: a log's (`ED25519`) or a witness's (`COSIGNATURE`)."""

    name: str
    kind: int
    public: bytes

    @classmethod
    def parse(cls, line: str) -> Verifier:
        """Read the form in which keys are exchanged, ``name+id+base64``."""
        name, _, rest = line.partition("+")
        given_id, _, encoded = rest.partition("+")
        _check_name(name)
        key = _decode(encoded)
        if len(key) != 33 or key[0] not in (ED25519, COSIGNATURE):
            raise NoteError("The key is of an unknown kind.")
        verifier = cls(name, key[0], key[1:])
        if verifier.key_id.hex() != given_id:
            raise NoteError("The id of the key does not belong to it.")
        return verifier

    @property
    def key_id(self) -> bytes:
        """Four bytes by which a signature names its key."""
        return _key_id(self.name, self.kind, self.public)

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(bytes([self.kind]) + self.public).decode()}"

    def verify(self, text: str, signature: bytes) -> int:
        """Raise NoteError unless this key made the signature; answers a witness's time, 0 for a log."""
        seconds = 0
        if self.kind == COSIGNATURE:
            if len(signature) != 72:
                raise NoteError(f"The signature of {self.name} is not of its kind.")
            seconds, signature = struct.unpack(">Q", signature[:8])[0], signature[8:]
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, _signed_bytes(text, self.kind, seconds))
        except (InvalidSignature, ValueError):
            raise NoteError(f"The signature of {self.name} is wrong.") from None
        return seconds


@dataclass(frozen=True)
class Signer:
    """The private half of a key, made of a 32-byte seed."""

    name: str
    seed: bytes
    kind: int = ED25519

    def __post_init__(self) -> None:
        _check_name(self.name)

    @property
    def verifier(self) -> Verifier:
        """The public half, to be given away."""
        private = Ed25519PrivateKey.from_private_bytes(self.seed)
        return Verifier(self.name, self.kind, private.public_key().public_bytes_raw())

    def line(self, text: str, seconds: int = 0) -> str:
        """The signature line for a text; a witness gives its time in seconds since 1970."""
        _check_text(text)
        signature = Ed25519PrivateKey.from_private_bytes(self.seed).sign(_signed_bytes(text, self.kind, seconds))
        if self.kind == COSIGNATURE:
            signature = struct.pack(">Q", seconds) + signature
        return f"{_MARK}{self.name} {base64.b64encode(self.verifier.key_id + signature).decode()}\n"


def _check_text(text: str) -> None:
    if not text.endswith("\n") or any(letter < " " and letter != "\n" for letter in text):
        raise NoteError("The text of a note ends with a line feed and holds no other control character.")


def sign_note(text: str, signers: Iterable[Signer]) -> str:
    """The text with the signatures of these keys below it."""
    _check_text(text)
    return text + "\n" + "".join(signer.line(text) for signer in signers)


def add_signature(note: str, line: str) -> str:
    """The note with one more signature line, such as a witness's."""
    split_note(note)
    return note + line


def split_note(note: str) -> tuple[str, list[tuple[str, bytes, bytes]]]:
    """The text, and of each signature line the name, key id and signature."""
    _check_text(note)
    text, found, below = note.rpartition("\n\n")
    if not found or not below:
        raise NoteError("The note has no signatures.")
    lines = below.removesuffix("\n").split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise NoteError(f"The note has more than {MAX_SIGNATURES} signatures.")
    signatures = []
    for line in lines:
        name, _, encoded = line.removeprefix(_MARK).partition(" ")
        if not line.startswith(_MARK):
            raise NoteError("A line below the text is not a signature.")
        _check_name(name)
        value = _decode(encoded)
        if len(value) < 5:
            raise NoteError(f"The signature of {name} is too short.")
        signatures.append((name, value[:4], value[4:]))
    return text + "\n", signatures


def open_note(note: str, verifiers: Iterable[Verifier]) -> tuple[str, dict[str, int]]:
    """The text and who of the known keys signed it, each with its time (0 for a log).

    Signatures of unknown keys are passed over; a wrong one of a known key, or none of any, raises NoteError.
    """
    known = {(verifier.name, verifier.key_id): verifier for verifier in verifiers}
    text, signatures = split_note(note)
    signed = {
        name: known[(name, key_id)].verify(text, signature)
        for name, key_id, signature in signatures
        if (name, key_id) in known
    }
    if not signed:
        raise NoteError("No known key signed the note.")
    return text, signed


@dataclass(frozen=True)
class Checkpoint:
    """The state of a log: its name, how many leaves it has, and the root over them."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def text(self) -> str:
        """The text to be signed."""
        return "\n".join([self.origin, str(self.size), base64.b64encode(self.root).decode(), *self.extensions]) + "\n"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read the text of a checkpoint; what is not written exactly so is refused."""
        lines = text.removesuffix("\n").split("\n")
        if len(lines) < 3 or not lines[0] or not lines[1].isdecimal() or not lines[1].isascii():
            raise NoteError("The text is not a checkpoint.")
        checkpoint = cls(lines[0], int(lines[1]), _decode(lines[2]), tuple(lines[3:]))
        if checkpoint.text() != text or len(checkpoint.root) != HASH_SIZE or "" in checkpoint.extensions:
            raise NoteError("The text is not a checkpoint in its one form.")
        return checkpoint
