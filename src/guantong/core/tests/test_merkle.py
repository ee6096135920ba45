"""The Merkle tree, against the recursive definition of RFC 9162 and against every alteration of a proof."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guantong.core.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root,
    verify_consistency,
    verify_inclusion,
)

LEAVES = [leaf_hash(str(at).encode()) for at in range(70)]
sizes = st.integers(1, len(LEAVES))


def defined_root(leaves: list[bytes]) -> bytes:
    """MTH of RFC 9162 section 2.1.1, word for word."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return node_hash(defined_root(leaves[:k]), defined_root(leaves[k:]))


def test_roots_are_those_of_the_definition_and_of_the_growing_tree() -> None:
    frontier = Frontier()
    assert root([]) == frontier.root() == EMPTY_ROOT
    for size in range(1, len(LEAVES) + 1):
        assert frontier.append(LEAVES[size - 1]) == size - 1
        assert root(LEAVES[:size]) == defined_root(LEAVES[:size]) == frontier.root()
        frontier = Frontier(frontier.size, frontier.nodes)


def test_every_leaf_of_every_tree_is_proved_and_no_other() -> None:
    for size in range(1, 36):
        top = root(LEAVES[:size])
        for index in range(size):
            proof = inclusion_proof(LEAVES[:size], index)
            assert verify_inclusion(LEAVES[index], index, size, proof, top)
            for other in range(size):
                assert verify_inclusion(LEAVES[index], other, size, proof, top) == (other == index)
                assert verify_inclusion(LEAVES[other], index, size, proof, top) == (other == index)


def test_every_earlier_tree_is_proved_and_no_other() -> None:
    roots = [root(LEAVES[:size]) for size in range(36)]
    for new in range(1, 36):
        for old in range(1, new + 1):
            proof = consistency_proof(LEAVES[:new], old)
            for claimed in range(new + 1):
                for actual in range(new + 1):
                    true = claimed == actual == old
                    assert verify_consistency(claimed, new, roots[actual], roots[new], proof) == true


@given(sizes, st.data())
def test_an_altered_proof_of_inclusion_is_refused(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof, top = inclusion_proof(LEAVES[:size], index), root(LEAVES[:size])
    for wrong in altered(proof, data):
        assert not verify_inclusion(LEAVES[index], index, size, wrong, top)


@given(sizes, st.data())
def test_an_altered_proof_of_consistency_is_refused(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, new))
    proof = consistency_proof(LEAVES[:new], old)
    for wrong in altered(proof, data):
        assert not verify_consistency(old, new, root(LEAVES[:old]), root(LEAVES[:new]), wrong)


def altered(proof: list[bytes], data: st.DataObject) -> list[list[bytes]]:
    """The proof with a flipped bit, a hash too many, one too few, a short one, and two exchanged."""
    extra = [[*proof, LEAVES[0]], [LEAVES[0], *proof], [*proof, b""], [*proof, EMPTY_ROOT]]
    if not proof:
        return extra
    at, bit = data.draw(st.integers(0, len(proof) - 1)), data.draw(st.integers(0, 255))
    flipped = bytearray(proof[at])
    flipped[bit // 8] ^= 1 << bit % 8
    changed = [
        [*proof[:at], bytes(flipped), *proof[at + 1 :]],
        [*proof[:at], *proof[at + 1 :]],
        [*proof[:at], proof[at][:-1], *proof[at + 1 :]],
    ]
    if proof != proof[::-1]:
        changed.append(proof[::-1])
    return extra + changed


def test_nothing_is_proved_by_an_empty_tree_or_outside_the_tree() -> None:
    assert not verify_consistency(0, 0, EMPTY_ROOT, EMPTY_ROOT, [])
    assert not verify_consistency(0, 1, EMPTY_ROOT, LEAVES[0], [])
    assert not verify_consistency(2, 1, LEAVES[0], LEAVES[0], [])
    assert not verify_inclusion(b"", 0, 1, [], b"")
    assert not verify_inclusion(LEAVES[0], 1, 1, [], LEAVES[0])
    assert not verify_inclusion(LEAVES[0], -1, 1, [], LEAVES[0])
    for index in (-1, 3):
        with pytest.raises(IndexError):
            inclusion_proof(LEAVES[:3], index)
    for size in (0, 4):
        with pytest.raises(IndexError):
            consistency_proof(LEAVES[:3], size)


def test_a_frontier_that_fits_no_tree_is_refused() -> None:
    for size, nodes in ((3, [LEAVES[0]]), (-1, []), (1, [b"short"])):
        with pytest.raises(ValueError, match="frontier"):
            Frontier(size, nodes)
    with pytest.raises(ValueError, match="32 bytes"):
        Frontier().append(b"short")
