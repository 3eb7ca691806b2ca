"""How calls to Aliyun are signed, held against the example of its documentation; what a file of an account may be."""

from pathlib import Path

import msgspec
import pytest

from loopline.channels.aliyun_sms import AliyunAccount, AliyunUnreadable, known_account
from loopline.channels.aliyun_sms.gateway import spelt
from loopline.channels.aliyun_sms.signing import EMPTY_HASH, Call, authorization, canonical_query, signature

# https://help.aliyun.com/zh/sdk/product-overview/v3-request-structure-and-signature: the fixed example.
EXAMPLE = Call(
    method="POST",
    path="/",
    query={
        "ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd",
        "RegionId": "cn-shanghai",
    },
    headers={
        "host": "ecs.cn-shanghai.aliyuncs.com",
        "x-acs-action": "RunInstances",
        "x-acs-content-sha256": EMPTY_HASH,
        "x-acs-date": "2023-10-26T10:22:32Z",
        "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
        "x-acs-version": "2014-05-26",
    },
)
ACCOUNT = AliyunAccount(
    access_key_id="LTAI", access_key_secret="s", sign_name="环线", templates={"ready.zh": "SMS_1"}
)


def test_a_call_is_signed_as_the_documentation_shows():
    said = authorization(EXAMPLE, key_id="YourAccessKeyId", secret="YourAccessKeySecret")
    assert said == (
        "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;"
        "x-acs-signature-nonce;x-acs-version,"
        "Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    )


@pytest.mark.parametrize("part", ["method", "path", "body_hash"])
def test_whatever_is_signed_changes_the_signature(part: str):
    other = msgspec.structs.replace(EXAMPLE, **{part: "/other"})
    assert signature(other, secret="s") != signature(EXAMPLE, secret="s")


def test_parameters_are_escaped_and_in_order():
    assert canonical_query({"b": "a b+c/*~", "A": "环"}) == "A=%E7%8E%AF&b=a%20b%2Bc%2F%2A~"


@pytest.mark.parametrize(
    ("phone", "sent"), [("+8613800000001", "13800000001"), ("+85291234567", "85291234567")]
)
def test_phones_are_spelt_as_the_service_wants_them(phone: str, sent: str):
    assert spelt(phone) == sent


def test_an_account_is_read_from_a_file_of_its_owner_alone(tmp_path: Path):
    path = tmp_path / "aliyun_sms.json"
    assert known_account(tmp_path) is None
    path.write_bytes(msgspec.json.encode(ACCOUNT))
    path.chmod(0o644)
    with pytest.raises(AliyunUnreadable, match="chmod 600"):
        known_account(tmp_path)
    path.chmod(0o600)
    assert known_account(tmp_path) == ACCOUNT
    assert "access_key_secret" not in repr(ACCOUNT)
    path.write_bytes(b"{}")
    with pytest.raises(AliyunUnreadable, match="is no account"):
        known_account(tmp_path)
