"""Passwords, tokens, lock-outs."""

from datetime import timedelta

import pytest

from loopline.kernel.failures import FAILURES_MAX, LOCK_LENGTH, Failures, after_failure
from loopline.kernel.refusals import Refusal
from loopline.org.credentials import (
    PasswordTooEasy,
    PasswordTooLong,
    PasswordTooShort,
    SignInLocked,
    SignInNameNotUsable,
    hash_password,
    lock_of,
    new_token,
    normal_sign_in_name,
    password_matches,
    refusal_of_password,
    refusal_of_sign_in_name,
    token_hash,
)
from loopline.org.model import NewPassword, SignedIn, SignIn
from tests.make.org import NOW, PASSWORD


def test_a_password_is_kept_as_argon2id_and_matches_only_itself():
    stored = hash_password(PASSWORD)
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=1$")
    assert PASSWORD not in stored
    assert stored != hash_password(PASSWORD)
    assert password_matches(PASSWORD, stored_hash=stored)
    assert not password_matches(PASSWORD + "x", stored_hash=stored)
    assert not password_matches("", stored_hash=stored)


def test_nobody_has_no_password():
    assert not password_matches(PASSWORD, stored_hash=None)
    assert not password_matches("", stored_hash=None)
    assert not password_matches(PASSWORD, stored_hash="$argon2id$broken")


def test_the_same_letters_composed_otherwise_are_the_same_password():
    assert password_matches("cafe\u0301 au lait", stored_hash=hash_password("caf\u00e9 au lait"))


@pytest.mark.parametrize(
    ("password", "refusal"),
    [
        ("123456789", PasswordTooShort(minimum=10)),
        ("x" * 257, PasswordTooLong(maximum=256)),
        ("abababababab", PasswordTooEasy()),
        ("my-LI.WEI-1987", PasswordTooEasy()),
        ("correct horse", None),
        ("山高月小水落石出千里江陵", None),
    ],
)
def test_which_passwords_are_taken(password: str, refusal: Refusal | None):
    assert refusal_of_password(password, sign_in_name="li.wei") == refusal


@pytest.mark.parametrize(
    ("name", "kept", "is_usable"),
    [
        (" Li.Wei ", "li.wei", True),
        ("ｌｉ．ｗｅｉ", "li.wei", True),
        ("李伟-01", "李伟-01", True),
        ("li wei", "li wei", False),
        ("ab", "ab", False),
        ("a\u0000bc", "a\u0000bc", False),
    ],
)
def test_a_sign_in_name_has_one_spelling(name: str, kept: str, is_usable: bool):
    assert normal_sign_in_name(name) == kept
    assert refusal_of_sign_in_name(kept) == (None if is_usable else SignInNameNotUsable(sign_in_name=kept))


def test_the_fifth_failure_in_a_row_locks():
    failures = Failures()
    for count in range(1, FAILURES_MAX):
        failures = after_failure(failures, now=NOW)
        assert failures.failures == count
        assert lock_of(failures, now=NOW) is None
    failures = after_failure(failures, now=NOW)
    until = NOW + LOCK_LENGTH
    assert failures == Failures(failures=0, last_at=NOW, locked_until=until)
    assert lock_of(failures, now=until - timedelta(seconds=1)) == SignInLocked(until=until)
    assert lock_of(failures, now=until) is None


def test_failures_a_day_apart_do_not_add_up():
    failures = Failures(failures=4, last_at=NOW)
    day = timedelta(hours=24)
    assert after_failure(failures, now=NOW + day).locked_until is not None
    assert after_failure(failures, now=NOW + day + timedelta(seconds=1)).failures == 1


def test_tokens_are_long_unlike_and_kept_as_hashes():
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(len(token) == 43 for token in tokens)
    assert len(token_hash(next(iter(tokens)))) == 32


def test_secrets_do_not_show_in_what_is_printed():
    attempt = SignIn(sign_in_name="li.wei", password=PASSWORD)
    signed_in = SignedIn(person_id=None, token="t0k3n", expires_at=NOW)  # pyright: ignore[reportArgumentType]
    new = NewPassword(person_id=None, password=PASSWORD, current="0ld")  # pyright: ignore[reportArgumentType]
    printed = f"{attempt!r} {attempt} {signed_in!r} {signed_in} {new!r} {new}"
    assert PASSWORD not in printed
    assert "t0k3n" not in printed
    assert "0ld" not in printed
