"""Codes and certificates against a plain model, over any order of what people and devices do."""

import tempfile
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cloud.adapters.authority import MemoryAuthority
from cloud.core import claims as core
from cloud.core.reasons import Refusal
from cloud.identity_tables import CertificateRow, ClaimRow
from cloud.usecases import certificates, claims, renewing
from cloud.usecases.certificates import Fresh, When
from contracts.ledger.hashing import keccak
from contracts.wire.claim_codes import ClaimCode, root_of
from contracts.wire.enrolment import Redeem, Redemption, Renew, Renewal, asked_digest
from contracts.wire.signing import address_of, sign
from edge.adapters.identity import csr_of
from tests.cloud.rig import Rig

GATEWAYS = ("gw-1", "gw-2")
DAY_S = 86_400.0


@dataclass(frozen=True)
class Device:
    number: int

    @property
    def serial(self) -> str:
        return f"serial-{self.number}"

    @property
    def key(self) -> bytes:
        return keccak(f"device {self.number}".encode())

    @property
    def csr(self) -> str:
        return CSRS[self.number]


DEVICES = tuple(map(Device, range(4)))
CSRS = [csr_of(ec.generate_private_key(ec.SECP256R1())) for _ in DEVICES]


@dataclass
class Code:
    """As a person would keep it in a book."""

    id: str
    code: ClaimCode
    gateway: str
    device: Device
    made_s: float
    state: str = "open"
    misses: int = 0
    by: Device | None = None


@dataclass
class Book:
    codes: list[Code] = field(default_factory=list)
    holder: dict[str, Device] = field(default_factory=dict)
    until_s: dict[str, float] = field(default_factory=dict)
    # Devices whose keys were taken back: never again.
    dead: set[Device] = field(default_factory=set)


class Machine(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.rig = Rig(Path(self.folder.name))
        self.rig.import_titles()
        self.authority = MemoryAuthority(self.rig.clock.at)
        self.book, self.at_s, self.numbers = Book(), 0.0, 0

    def teardown(self) -> None:
        if hasattr(self, "rig"):
            self.rig.db.close()
            self.folder.cleanup()

    def number(self) -> int:
        self.numbers += 1
        return self.numbers

    def when(self) -> When:
        return When(self.rig.clock.at, self.rig.clock.at)

    def write(self, story: Any) -> Any:
        return self.rig.db.write(story)

    @rule(gateway=st.sampled_from(GATEWAYS), device=st.sampled_from(DEVICES))
    def make(self, gateway: str, device: Device) -> None:
        number = self.number()
        secret = keccak(number.to_bytes(8))[:16]
        code = ClaimCode(secret, root_of(self.authority.fingerprint()))
        wanted = claims.Wanted(gateway, device.serial, "", ["S1", "S2"], replace_key=True)
        made = claims.Made(f"c-{number}", code.address(), "cli:test", self.when())
        row = self.write(lambda s: claims.make(s, wanted, made))
        assert isinstance(row, ClaimRow)
        for other in self.book.codes:
            if other.gateway == gateway and self.state(other) == "open":
                other.state = "voided"
        self.book.codes.append(Code(row.id, code, gateway, device, self.at_s))

    @rule(hours=st.sampled_from((1, 11, 13, 24)))
    def wait(self, hours: int) -> None:
        self.at_s += hours * 3600
        self.rig.clock.pass_s(hours * 3600)

    @rule(days=st.sampled_from((20, 61, 91)))
    def wait_long(self, days: int) -> None:
        self.at_s += days * DAY_S
        self.rig.clock.pass_s(days * DAY_S)

    @precondition(lambda self: self.book.codes)
    @rule(data=st.data())
    def void(self, data: st.DataObject) -> None:
        code = data.draw(st.sampled_from(self.book.codes))
        found = self.write(lambda s: claims.void(s, code.id, "cli:test", self.when()))
        assert isinstance(found, Refusal) == (self.state(code) != "open")
        if self.state(code) == "open":
            code.state = "voided"

    @precondition(lambda self: self.book.codes)
    @rule(data=st.data(), device=st.sampled_from(DEVICES), honest=st.booleans())
    def redeem(self, data: st.DataObject, device: Device, honest: bool) -> None:
        """Who is not honest says the serial that the code is for, with keys of its own."""
        code = data.draw(st.sampled_from(self.book.codes))
        serial = device.serial if honest else code.device.serial
        body = Redeem(
            root=code.code.root,
            serial=serial,
            csr=device.csr,
            signer=address_of(device.key),
        )
        digest = asked_digest(body)
        asked = Redemption(
            body=body, by_code=sign(digest, code.code.key()), by_signer=sign(digest, device.key)
        )
        fresh = Fresh(self.number(), self.when())
        found = self.write(lambda s: claims.redeem(s, self.authority, asked, fresh))
        self.redeemed(code, device, serial == code.device.serial, found)

    def redeemed(self, code: Code, device: Device, right: bool, found: Any) -> None:
        state, good = self.state(code), isinstance(found, CertificateRow)
        if state == "open" and not right:
            code.misses += 1
            code.state = "spoiled" if code.misses >= 5 else "open"
            assert not good
        elif state == "open" and self.free(code.gateway, device):
            assert good, found
            before = self.book.holder.get(code.gateway)
            if before not in (None, device):
                assert before is not None
                self.book.dead.add(before)
            code.state, code.by = "spent", device
            self.book.holder[code.gateway] = device
            self.book.until_s[code.gateway] = self.at_s + 90 * DAY_S
        elif state == "spent" and right and device == code.by:
            holds = self.book.holder.get(code.gateway) == device
            assert good == (holds and self.at_s < self.book.until_s[code.gateway])
        else:
            assert not good, (code, device)

    def free(self, gateway: str, device: Device) -> bool:
        """Its keys were never taken back, and are no other gateway's."""
        others = [it for name, it in self.book.holder.items() if name != gateway]
        return device not in self.book.dead and device not in others

    @rule(gateway=st.sampled_from(GATEWAYS), device=st.sampled_from(DEVICES))
    def renew(self, gateway: str, device: Device) -> None:
        root = root_of(self.authority.fingerprint())
        body = Renew(root=root, gateway=gateway, csr=device.csr, signed_at=self.rig.clock.at)
        asked = Renewal(body=body, by_signer=sign(asked_digest(body), device.key))
        fresh = Fresh(self.number(), self.when())
        found = self.write(lambda s: renewing.renew(s, self.authority, asked, fresh))
        good = isinstance(found, CertificateRow)
        assert good == (self.book.holder.get(gateway) == device), found
        if good and self.book.until_s[gateway] - self.at_s <= 30 * DAY_S:
            self.book.until_s[gateway] = self.at_s + 90 * DAY_S
        if good:
            left = timedelta(seconds=self.book.until_s[gateway] - self.at_s)
            assert abs(found.ends_ms / 1000 - (self.rig.clock.at + left).timestamp()) < 1

    @rule(gateway=st.sampled_from(GATEWAYS))
    def revoke(self, gateway: str) -> None:
        if gateway not in self.book.holder:
            return
        found = self.write(
            lambda s: certificates.revoke_all(s, gateway, "lost", "cli:test", self.when())
        )
        assert found == gateway
        self.book.dead.add(self.book.holder.pop(gateway))

    def state(self, code: Code) -> str:
        over = self.at_s >= code.made_s + DAY_S
        return "expired" if over and code.state == "open" else code.state

    @invariant()
    def the_book_and_the_database_say_the_same(self) -> None:
        if not hasattr(self, "rig"):
            return
        wall = self.rig.clock.at
        rows = {row.id: row for row in self.rig.db.read(claims.listed)}
        for code in self.book.codes:
            assert claims.state_of(rows[code.id], wall) == self.state(code)
        inside = {g for g in self.book.holder if self.at_s < self.book.until_s[g]}
        assert self.rig.db.read(lambda s: certificates.names(s, wall)) == inside
        valid = [
            row.gateway
            for row in self.rig.db.read(certificates.listed)
            if certificates.state_of(row, wall) == "valid"
        ]
        assert sorted(valid) == sorted(inside)


# Each step is a commit: to shorten a failing run would take minutes; it reads as it is.
Machine.TestCase.settings = settings(
    max_examples=15,
    stateful_step_count=25,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
test_codes_and_certificates_do_what_the_book_says = Machine.TestCase


@pytest.mark.parametrize("state", ["open", "spent", "voided", "expired", "spoiled"])
@pytest.mark.parametrize("move", ["redeem", "repeat", "miss", "spoil", "void", "expire"])
def test_a_move_that_is_not_in_the_table_is_an_error_of_its_own(state: Any, move: Any) -> None:
    if (state, move) in core.CODE_MOVES:
        assert core.code_moved(state, move) == core.CODE_MOVES[state, move]
        return
    with pytest.raises(core.IllegalIdentityMove, match=state):
        core.code_moved(state, move)


def test_nothing_leads_out_of_the_ends_and_every_refusal_is_told() -> None:
    ends = {"voided", "expired", "spoiled"}
    assert not ends & {state for state, _ in core.CODE_MOVES}
    assert set(core.REFUSED) == ends | {"spent"}
    assert {state for state, _ in core.CERTIFICATE_MOVES} == {"valid", "superseded"}
    with pytest.raises(core.IllegalIdentityMove):
        core.certificate_moved("revoked", "renew")
