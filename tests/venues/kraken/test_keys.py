"""Who asks."""

from __future__ import annotations

import pytest

from tests.venues.kraken.errors import Refused
from tests.venues.kraken.keys import LOCKING_FAULTS, LOCKOUT_NS, ApiKey, Keyring, Signed, api_sign
from tests.venues.kraken.keys import require as need

SECRET = "kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg=="
PATH = "/0/private/AddOrder"
KEY = ApiKey(key="k", secret=SECRET, account="a")


def asked(nonce: str = "1", *, key: str = "k", secret: str = SECRET, otp: str = "") -> Signed:
    body = f"nonce={nonce}&volume=1".encode()
    sign = api_sign(secret, PATH, nonce, body)
    return Signed(path=PATH, key=key, sign=sign, nonce=nonce, body=body, otp=otp, client="here")


def test_the_published_signature_comes_out() -> None:
    body = b"nonce=1616492376594&ordertype=limit&pair=XBTUSD&price=37500&type=buy&volume=1.25"
    assert api_sign(SECRET, PATH, "1616492376594", body) == (
        "4/dpxb3iT4tp/ZCVEwSnEsLxx0bqyhLpdfOpc6fn7OR8+UClSV5n9E6aSS8MPtnRfp32bAb0nmbRn6H8ndwLUQ=="
    )


def test_a_right_signature_tells_whose_key_it_is() -> None:
    assert Keyring((KEY,)).authenticate(asked(), 0) is KEY


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        (asked(key="nobody"), "EAPI:Invalid key"),
        (asked(secret="d3Jvbmc="), "EAPI:Invalid signature"),
        (asked("later"), "EAPI:Invalid nonce"),
        (asked(""), "EAPI:Invalid nonce"),
        (asked(str(2**64)), "EAPI:Invalid nonce"),
    ],
)
def test_what_is_not_right_is_refused(request_: Signed, text: str) -> None:
    with pytest.raises(Refused, match=text):
        Keyring((KEY,)).authenticate(request_, 0)


def test_a_nonce_must_grow() -> None:
    keyring = Keyring((KEY,))
    keyring.authenticate(asked("10"), 0)
    for nonce in ("10", "9"):
        with pytest.raises(Refused, match="EAPI:Invalid nonce"):
            keyring.authenticate(asked(nonce), 0)
    keyring.authenticate(asked("11"), 0)


def test_a_wrong_signature_uses_up_no_nonce() -> None:
    keyring = Keyring((KEY,))
    with pytest.raises(Refused, match="signature"):
        keyring.authenticate(asked("50", secret="d3Jvbmc="), 0)
    assert keyring.authenticate(asked("10"), 0) is KEY


def test_a_nonce_window_lets_lower_ones_in_once() -> None:
    keyring = Keyring((ApiKey(key="k", secret=SECRET, account="a", nonce_window=5),))
    keyring.authenticate(asked("10"), 0)
    keyring.authenticate(asked("8"), 0)
    for nonce in ("8", "5"):
        with pytest.raises(Refused, match="nonce"):
            keyring.authenticate(asked(nonce), 0)


def test_a_password_must_come_with_each_request_where_one_is_set() -> None:
    keyring = Keyring((ApiKey(key="k", secret=SECRET, account="a", otp="123"),))
    with pytest.raises(Refused, match="signature"):
        keyring.authenticate(asked("1"), 0)
    assert keyring.authenticate(asked("2", otp="123"), 0).account == "a"


def test_too_many_unknown_keys_lock_an_address_out_for_a_while() -> None:
    keyring = Keyring((KEY,))
    for _ in range(LOCKING_FAULTS):
        with pytest.raises(Refused, match="EAPI:Invalid key"):
            keyring.authenticate(asked(key="nobody"), 0)
    with pytest.raises(Refused, match="EGeneral:Temporary lockout"):
        keyring.authenticate(asked("1"), 0)
    assert keyring.authenticate(asked("1"), LOCKOUT_NS + 1) is KEY


def test_a_revoked_key_is_unknown() -> None:
    keyring = Keyring((KEY,))
    keyring.revoke("k")
    with pytest.raises(Refused, match="EAPI:Invalid key"):
        keyring.authenticate(asked(), 0)


def test_one_of_the_rights_is_enough_and_none_is_refused() -> None:
    need(KEY, "withdraw-funds", "modify-trades")
    with pytest.raises(Refused, match="EGeneral:Permission denied"):
        need(KEY, "withdraw-funds")
