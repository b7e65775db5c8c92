# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.dialtone.contact_center.plugins.module_utils.dialogue_text import (
    MASK,
    Captures,
    EchoRemoval,
    Masker,
    PlainText,
)


def cut(text, places):
    """The text in pieces, cut at these places."""
    bounds = sorted({place % (len(text) + 1) for place in places} | {0, len(text)})
    return [text[begin:end] for begin, end in zip(bounds, bounds[1:])]


PLACES = st.lists(st.integers(0, 500), max_size=12)
# What terminals really send, and what only noise does.
SENT = [b"Password:", b"\r\n", b"\r", b"\n", b"\x1b[31m", b"\x1b[2J", b"\x1b[10;3H", b"\x1b]0;title\x07", b"\x1b]0;t\x1b\\"]
NOISE = [b"\x1b(B", b"\x1b", b"\x1b[", b"\x1b]", b"\xc3\xa4", b"\xff\xfe", b"\xc3", b"\x00\x07\x08", b"1", b" ", b"x\x9by"]
TERMINAL = st.lists(st.sampled_from([*SENT, *NOISE]), max_size=20).map(b"".join)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"\x1b[1;31mPass\x1b[0mword:\x1b[K ", "Password: "),
        (b"one\r\ntwo\r\r\nthree", "one\ntwo\nthree"),
        (b"10%\r20%\r100%\n", "10%\n20%\n100%\n"),
        (b"a\x1b[2J\x1b[Hb", "a\nb"),
        (b"\x1b]0;a title\x07prompt", "prompt"),
        (b"\x1b(Bx\x1b=y\x1bMz", "xyz"),
        (b"bell\x07 and nul\x00", "bell and nul"),
        ("Größe – ok".encode(), "Größe – ok"),
        (b"\xff\xfebroken", "��broken"),
    ],
)
def test_terminal_codes_are_no_text(data, text):
    assert PlainText().feed(data) == text


def test_a_title_that_never_ends_does_not_swallow_a_prompt():
    plain = PlainText()
    assert "Password:" in plain.feed(b"\x1b]" + b"x" * 300 + b"\nPassword:")


@given(TERMINAL, PLACES)
def test_any_cut_gives_the_same_text(data, places):
    plain = PlainText()
    whole = PlainText().feed(data + b"|")
    assert "".join(plain.feed(piece) for piece in cut(data + b"|", places)) == whole
    assert "\x1b" not in whole


class TestEchoRemoval:
    def test_the_answer_is_taken_out_once(self):
        echo = EchoRemoval()
        echo.sent("Password")
        assert echo.feed("Pass") + echo.feed("word\nPassword\n") == "Password\n"

    def test_without_echo_nothing_is_lost(self):
        echo = EchoRemoval()
        echo.sent("secret")
        assert echo.feed("\nse") + echo.feed("e you\n") == "\nsee you\n"

    def test_what_only_begins_like_the_answer_is_released(self):
        echo = EchoRemoval()
        echo.sent("1")
        assert echo.feed("1") == ""
        assert echo.release() == "1"
        assert echo.feed("\n2") == "\n2"


class TestMasker:
    @pytest.mark.parametrize(
        ("secrets", "text", "masked"),
        [
            (["s3cret"], "got s3cret, twice s3crets3cret.", f"got {MASK}, twice {MASK}."),
            (["s3cret"], "wrapped s3c\n   ret here", f"wrapped {MASK} here"),
            (["a secret"], "a secret, asecret", f"{MASK}, {MASK}"),
            (["abc", "abcdef"], "abcdef abc abcdex", f"{MASK} {MASK} {MASK}dex"),
            (["abca", "ade"], "abcade", MASK),
            (["", "  "], "nothing is secret", "nothing is secret"),
            ([], "nothing", "nothing"),
            (["s3cret"], "s3cre", MASK),
            (["s3cret"], "s3", "s3"),
        ],
    )
    def test_masks(self, secrets, text, masked):
        assert Masker(secrets).whole(text) == masked

    @settings(max_examples=400)
    @given(st.lists(st.text("ab \n", min_size=1, max_size=5), max_size=3), st.text("abx \n", max_size=40), PLACES)
    def test_any_cut_gives_the_same(self, secrets, text, places):
        masker = Masker(secrets)
        masked = "".join(masker.feed(piece) for piece in cut(text, places)) + masker.end()
        assert masked == Masker(secrets).whole(text)

    @given(st.text("abc123", min_size=4, max_size=12), st.text("abc123 \n", max_size=30), st.data())
    def test_no_secret_is_left_however_it_is_wrapped(self, secret, around, data):
        wrapped = "".join(letter + data.draw(st.sampled_from(["", "", "\n", " \n "])) for letter in secret)
        masked = Masker([secret]).whole(around + wrapped + around)
        assert secret not in "".join(masked.replace(MASK, "|").split())

    def test_what_is_held_back_is_bounded(self):
        masker = Masker(["secret"])
        assert len(masker.feed("s" + " " * 100000)) > 99000


CAPTURES = [
    {"name": "open", "after": "Version:", "secret": False},
    {"name": "hidden", "after": "Decrypted Data:", "secret": True},
]
PIECES = ["Decrypted Data:", "Version:", "Decrypted ", "Dec", "Data:", " ", "\n", "value", "1. Menu: ", "ü"]
PRINTED = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)


@given(PRINTED, PLACES)
def test_any_cut_captures_the_same_and_shows_the_same(text, places):
    whole, pieces = Captures(CAPTURES), Captures(CAPTURES)
    expected = whole.feed(text) + whole.end()
    assert "".join(pieces.feed(piece) for piece in cut(text, places)) + pieces.end() == expected
    assert pieces.values == whole.values


@given(st.text(st.characters(exclude_categories=["Cc", "Zl", "Zp", "Zs"]), min_size=1, max_size=20), PLACES)
def test_a_captured_secret_is_never_shown(value, places):
    captures = Captures(CAPTURES)
    shown = "".join(captures.feed(piece) for piece in cut(f"Enter data: \nDecrypted Data: {value}\n1. Encrypt\n", places))
    assert shown == f"Enter data: \nDecrypted Data: {MASK}\n1. Encrypt\n"
    assert (captures.values, captures.secrets) == ({"hidden": value}, [value])


def test_what_is_no_secret_is_captured_and_shown():
    captures = Captures(CAPTURES)
    assert captures.feed("Version: 4.0 \nDone") == "Version: 4.0 \nDone"
    assert (captures.values, captures.secrets) == ({"open": "4.0"}, [])


def test_a_prompt_is_not_held_back_and_the_last_line_needs_no_end():
    captures = Captures(CAPTURES)
    assert captures.feed("Enter data: ") == "Enter data: "
    assert captures.feed("Decrypted Data: open") == ""
    assert captures.end() == f"Decrypted Data: {MASK}"
    assert captures.values == {"hidden": "open"}


def test_nothing_behind_the_words_is_no_value():
    captures = Captures(CAPTURES)
    assert captures.feed("Decrypted Data: \n=====\n") == "Decrypted Data: \n=====\n"
    assert captures.values == {}
