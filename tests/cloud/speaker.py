"""A gateway of any name and key, as the cloud hears it."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from cloud.tables import Gateway
from cloud.usecases import enrolling, stays
from cloud.usecases.stays import Taken
from contracts.ledger.hashing import keccak
from contracts.wire.messages import Event, PlateProof, SignedEvent
from contracts.wire.signing import address_of, event_digest, plate_commitment, sign
from contracts.wire.types import ZERO_DIGEST
from tests.cloud.rig import Rig
from tests.contracts.making import at

SALT = "0x" + "5a" * 32


@dataclass
class Speaker:
    rig: Rig
    name: str = "gw-2"
    key: bytes = keccak(b"the second gateway")
    epoch: int = 1
    seq: int = 0
    previous: dict[str, str] = field(default_factory=dict)

    @property
    def signer(self) -> str:
        return address_of(self.key)

    def enrol(self, *spaces: str, replace_key: bool = False) -> Any:
        place, rig = ("lot-1", list(spaces)), self.rig
        return rig.db.write(
            lambda s: enrolling.enrol(s, self.name, self.signer, place, rig.clock.at, replace_key)
        )

    def revoke(self, why: str = "stolen") -> Any:
        rig = self.rig
        return rig.db.write(lambda s: enrolling.revoke(s, self.name, why, rig.clock.at))

    def event(
        self, kind: str, occupancy: str, seconds: float, space: str, **more: Any
    ) -> SignedEvent:
        self.seq += 1
        plate = more.pop("plate", None)
        fields = {
            "gateway": self.name,
            "epoch": self.epoch,
            "seq": self.seq,
            "kind": kind,
            "space": space,
            "occupancy": occupancy,
            "at": at(seconds),
            "uncertainty_s": 0.5,
            "reported_at": at(seconds) + timedelta(seconds=5),
            "boot_id": "boot",
            "boottime_ns": max(0, int(seconds * 1e9)),
            "clock": "synced",
            "previous": self.previous.get(space, ZERO_DIGEST),
            "plate": plate_commitment(plate, bytes.fromhex(SALT[2:])) if plate else ZERO_DIGEST,
            **more,
        }
        body = Event(**fields)
        digest = event_digest(body, self.rig.domain)
        self.previous[space] = "0x" + digest.hex()
        proof = PlateProof(text=plate, salt=SALT) if plate else None
        return SignedEvent(body=body, signature=sign(digest, self.key), plate=proof)

    def says(self, kind: str, occupancy: str, seconds: float, space: str, **more: Any) -> Taken:
        return self.heard(self.event(kind, occupancy, seconds, space, **more))

    def heard(self, signed: SignedEvent) -> Taken:
        rig = self.rig
        return rig.db.write(lambda s: stays.take(s, signed, rig.domain, rig.clock.at))

    def row(self) -> Gateway:
        return self.rig.db.read(lambda s: s.get_one(Gateway, self.name))


def first(rig: Rig) -> Speaker:
    """The rig's own gateway, which has said nothing yet."""
    from tests.contracts.making import KEY

    return Speaker(rig, "gw-1", KEY)
