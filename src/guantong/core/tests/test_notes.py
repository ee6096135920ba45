"""Signed notes: what is refused, beyond the published vectors."""

from __future__ import annotations

import pytest

from guantong.core.merkle import EMPTY_ROOT
from guantong.core.notes import COSIGNATURE, Checkpoint, NoteError, Signer, Verifier, open_note, sign_note, split_note

LOG = Signer("log.example/books", b"\x01" * 32)
WITNESS = Signer("witness.example/w", b"\x02" * 32, COSIGNATURE)
TEXT = Checkpoint("log.example/books", 0, EMPTY_ROOT).text()
NOTE = sign_note(TEXT, [LOG])


def test_a_note_opens_with_the_keys_that_signed_it_and_passes_over_others() -> None:
    both = NOTE + WITNESS.line(TEXT, 1_790_000_000)
    assert open_note(both, [LOG.verifier]) == (TEXT, {LOG.name: 0})
    assert open_note(both, [LOG.verifier, WITNESS.verifier])[1] == {LOG.name: 0, WITNESS.name: 1_790_000_000}
    assert Verifier.parse(str(WITNESS.verifier)) == WITNESS.verifier
    with pytest.raises(NoteError, match="No known key"):
        open_note(NOTE, [WITNESS.verifier])


def test_a_text_of_several_paragraphs_is_split_at_the_last_empty_line() -> None:
    text = "one\n\ntwo\n"
    assert open_note(sign_note(text, [LOG]), [LOG.verifier])[0] == text


@pytest.mark.parametrize("at", range(0, len(NOTE), 7))
def test_no_letter_of_a_note_can_be_changed(at: int) -> None:
    changed = NOTE[:at] + ("A" if NOTE[at] != "A" else "B") + NOTE[at + 1 :]
    with pytest.raises(NoteError):
        open_note(changed, [LOG.verifier])


@pytest.mark.parametrize(
    "note",
    [
        "",
        "text\n",
        "text\n\n",
        "text\n\n— name\n",
        "text\n\nname AAAAAAA=\n",
        "text\n\n— name AAAA\n",
        NOTE[:-1],
        "\t" + NOTE,
    ],
)
def test_a_malformed_note_is_refused(note: str) -> None:
    with pytest.raises(NoteError):
        split_note(note)


def test_a_witness_time_is_part_of_what_it_signs() -> None:
    line = WITNESS.line(TEXT, 1)
    signature = split_note(TEXT + "\n" + line)[1][0][2]
    assert WITNESS.verifier.verify(TEXT, signature) == 1
    with pytest.raises(NoteError):
        WITNESS.verifier.verify(TEXT, b"\x00" * 7 + b"\x02" + signature[8:])
    with pytest.raises(NoteError):
        WITNESS.verifier.verify(TEXT, signature[8:])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "log\n5\n",
        "log\n05\n" + TEXT.splitlines()[2] + "\n",
        "log\n-1\n" + TEXT.splitlines()[2] + "\n",
        "log\n٥\n" + TEXT.splitlines()[2] + "\n",
        "log\n5\nAAAA\n",
        "\n5\n" + TEXT.splitlines()[2] + "\n",
        TEXT + "\n",
        TEXT[:-1],
    ],
)
def test_only_the_one_form_of_a_checkpoint_is_read(text: str) -> None:
    with pytest.raises(NoteError):
        Checkpoint.parse(text)


@pytest.mark.parametrize("line", ["", "name", "na me+00000000+AQ==", "name+00000000+" + "A" * 44, "name+zz+!!"])
def test_a_malformed_key_is_refused(line: str) -> None:
    with pytest.raises(NoteError):
        Verifier.parse(line)
    with pytest.raises(NoteError):
        Signer("two words", b"\x01" * 32)
