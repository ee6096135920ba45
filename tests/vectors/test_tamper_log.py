"""Every vector of the log: trees, proofs, verifiers, notes, checkpoints. What a vector gives says what to compute."""

from __future__ import annotations

import base64
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from guantong.core import merkle, notes

ENGINE = "tamper_log"
Vector = dict[str, Any]


def decoded(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def leaves_of(inputs: Vector, vectors: dict[str, Vector], count: int) -> list[bytes]:
    """The first leaf hashes of the tree that another vector of the folder holds."""
    entries = vectors[inputs["leaves"]]["inputs"]["leaves_hex"]
    return [merkle.leaf_hash(bytes.fromhex(entry)) for entry in entries[:count]]


def roots(inputs: Vector, expected: Vector, vectors: dict[str, Vector]) -> None:
    leaves = [merkle.leaf_hash(bytes.fromhex(entry)) for entry in inputs["leaves_hex"]]
    assert [leaf.hex() for leaf in leaves] == expected["leaf_hashes"]
    assert [merkle.root(leaves[:size]).hex() for size in range(len(leaves) + 1)] == expected["roots_by_size"]
    frontier, grown = merkle.Frontier(), [merkle.EMPTY_ROOT.hex()]
    for leaf in leaves:
        frontier.append(leaf)
        grown.append(frontier.root().hex())
    assert grown == expected["roots_by_size"]


def inclusion(inputs: Vector, expected: list[Vector], vectors: dict[str, Vector]) -> None:
    for case, wanted in zip(inputs["cases"], expected, strict=True):
        leaves = leaves_of(inputs, vectors, case["size"])
        proof, leaf, root = merkle.inclusion_proof(leaves, case["index"]), leaves[case["index"]], merkle.root(leaves)
        assert [step.hex() for step in proof] == wanted["proof"]
        assert (leaf.hex(), root.hex()) == (wanted["leaf_hash"], wanted["root"])
        assert merkle.verify_inclusion(leaf, case["index"], case["size"], proof, root)


def consistency(inputs: Vector, expected: list[Vector], vectors: dict[str, Vector]) -> None:
    for case, wanted in zip(inputs["cases"], expected, strict=True):
        old, new = case["size1"], case["size2"]
        leaves = leaves_of(inputs, vectors, new)
        proof, before, after = merkle.consistency_proof(leaves, old), merkle.root(leaves[:old]), merkle.root(leaves)
        assert [step.hex() for step in proof] == wanted["proof"]
        assert (before.hex(), after.hex()) == (wanted["root1"], wanted["root2"])
        assert merkle.verify_consistency(old, new, before, after, proof)


def long_log(inputs: Vector, expected: Vector, vectors: dict[str, Vector]) -> None:
    leaves = [merkle.leaf_hash((inputs["leaf_template"] % at).encode()) for at in range(inputs["size"])]
    assert merkle.root(leaves).hex() == expected["root"]
    proofs = [merkle.inclusion_proof(leaves, index) for index in inputs["inclusion"]]
    assert [[step.hex() for step in proof] for proof in proofs] == expected["inclusion"]
    proofs = [merkle.consistency_proof(leaves[:new], old) for old, new in inputs["consistency"]]
    assert [[step.hex() for step in proof] for proof in proofs] == expected["consistency"]


def verdicts(inputs: Vector, expected: Vector, vectors: dict[str, Vector]) -> None:
    """Positive and tampered proofs, among them an empty leaf under an empty root and growth from nothing."""
    found = []
    for case in inputs["cases"]:
        proof = [decoded(step) for step in case["proof_b64"] or []]
        if "leafIdx" in case:
            leaf, root = decoded(case["leafHash_b64"]), decoded(case["root_b64"])
            found.append(merkle.verify_inclusion(leaf, case["leafIdx"], case["treeSize"], proof, root))
        else:
            before, after = decoded(case["root1_b64"]), decoded(case["root2_b64"])
            found.append(merkle.verify_consistency(case["size1"], case["size2"], before, after, proof))
    wrong = [
        case["file"] for case, got, true in zip(inputs["cases"], found, expected["valid"], strict=True) if got != true
    ]
    assert wrong == []


def signed_note(inputs: Vector, expected: Vector, vectors: dict[str, Vector]) -> None:
    verifier = notes.Verifier.parse(inputs["vkey"])
    assert verifier.key_id.hex() == expected["key_id"]
    assert opens(inputs["note"], verifier) == expected["valid"]
    assert opens(inputs["tampered"], verifier) == expected["tampered_valid"]


def opens(note: str, verifier: notes.Verifier) -> bool:
    try:
        notes.open_note(note, [verifier])
    except notes.NoteError:
        return False
    return True


def checkpoint(inputs: Vector, expected: Vector, vectors: dict[str, Vector]) -> None:
    log = notes.Signer(inputs["origin"], sha256(inputs["log_seed"].encode()).digest())
    witness = notes.Signer(inputs["witness_name"], sha256(inputs["witness_seed"].encode()).digest(), notes.COSIGNATURE)
    assert (str(log.verifier), str(witness.verifier)) == (expected["log_vkey"], expected["witness_vkey"])
    state = notes.Checkpoint(inputs["origin"], inputs["tree_size"], decoded(inputs["root_b64"]))
    note = notes.sign_note(state.text(), [log])
    note = notes.add_signature(note, witness.line(state.text(), inputs["timestamp"]))
    assert note == expected["note"]
    keys = [notes.Verifier.parse(expected["log_vkey"]), notes.Verifier.parse(expected["witness_vkey"])]
    text, signed = notes.open_note(expected["note"], keys)
    assert notes.Checkpoint.parse(text) == state
    assert signed == {inputs["origin"]: 0, inputs["witness_name"]: inputs["timestamp"]}


def computation(vector: Vector) -> Callable[[Any, Any, dict[str, Vector]], None]:
    """The computation a vector asks for, by what it gives."""
    inputs = vector["inputs"]
    if "leaves_hex" in inputs:
        return roots
    if "leaf_template" in inputs:
        return long_log
    if "vkey" in inputs:
        return signed_note
    if "origin" in inputs:
        return checkpoint
    first = inputs["cases"][0]
    if "proof_b64" in first:
        return verdicts
    return inclusion if "index" in first else consistency


def test_the_vector_is_computed(vector: Vector, vectors: dict[str, Vector]) -> None:
    computation(vector)(vector["inputs"], vector["expected"], vectors)
