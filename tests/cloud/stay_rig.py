"""A lot of three shared spaces, two drivers, and cars whose plates the camera reads."""

from datetime import timedelta

from sqlmodel import select

from cloud.core.reasons import Refusal
from cloud.tables import Alarm, Booking, Command, Space, Stay
from cloud.usecases import accounts, bookings, gateways, offers, settlements
from contracts.ledger.pricing import Tariff, Terms, Window
from contracts.ledger.receipt import Receipt, read, verify
from contracts.wire.messages import PlateProof, SignedEvent, Status
from contracts.wire.signing import event_digest, plate_commitment, sign
from tests.cloud.rig import Rig
from tests.contracts.making import KEY, at

SALT = "0x" + "5a" * 32
OTHER = ("boot_id", "boottime_ns", "clock", "uncertainty_s", "at", "reported_at")
PLATES = ("沪A12345", "京B67890")


class Lot:
    def __init__(self, rig: Rig, terms: Terms | None = None, hours: float = 6) -> None:
        self.rig, self.terms, self.hours = rig, terms or Terms(), hours
        self._n = 0
        rig.import_titles()
        rig.enrol()
        for space in ("S1", "S2", "S3"):
            rig.register(space)
        rig.sweeps.drive()
        for space in ("S1", "S2", "S3"):
            self.publish(space)
        rig.top_up()
        self.other = rig.account("driver two")
        rig.db.write(lambda s: accounts.top_up(s, self.other, 10_000, "two", rig.now_ms))
        rig.heartbeat()
        for space in ("S1", "S2", "S3"):
            rig.report("snapshot", "free", 0, space=space)

    def publish(self, space: str, per_hour_minor: int = 600, version: int = 1) -> object:
        window = Window(starts_at=at(0), ends_at=at(self.hours * 3600))
        tariff = Tariff(
            id=f"t-{space}", version=version, currency="CNY", per_hour_minor=per_hour_minor
        )
        price = (tariff, self.terms)
        rig = self.rig
        row = offers.compose(rig.new_id("o"), rig.owner, space, [window], price)
        return rig.db.write(lambda s: offers.publish(s, row, rig.clock.at))

    def ask(
        self, space: str = "S1", begins_s: float = 60, ends_s: float = 3660, who: int = 0
    ) -> bookings.Asked:
        self._n += 1
        quoted = int(ends_s - begins_s) // 60 * 10
        return bookings.Asked(
            request_key=f"key-{self._n}",
            driver=self.other if who else self.rig.driver,
            space=space,
            window=Window(starts_at=at(begins_s), ends_at=at(ends_s)),
            plate=PLATES[who],
            quoted_minor=quoted,
        )

    def book(self, *where: object, **more: object) -> Booking:
        asked = self.ask(*where, **more)  # type: ignore[arg-type]
        rig = self.rig
        ids = bookings.Ids(rig.new_id("b"), rig.new_id("cmd"))
        made = rig.db.write(lambda s: bookings.confirm(s, asked, ids, rig.clock.at))
        assert isinstance(made, Booking), made
        return made

    def come(
        self, seconds: float, plate: str | None = None, space: str = "S1", **more: object
    ) -> None:
        """A car arrives and its plate is read. `match` is what the gateway makes of it."""
        self.says("arrival", "occupied", seconds, plate, space, **more)

    def says(
        self,
        kind: str,
        occupancy: str,
        seconds: float,
        plate: str | None = None,
        space: str = "S1",
        **more: object,
    ) -> None:
        self.until(seconds)
        if plate is not None:
            more["plate"] = plate_commitment(plate, bytes.fromhex(SALT[2:]))
        signed = self.event(kind, occupancy, seconds, space, **more)
        if plate is not None:
            signed = signed.model_copy(update={"plate": PlateProof(text=plate, salt=SALT)})
        assert self.rig.take(signed).refused is None

    def event(
        self, kind: str, occupancy: str, seconds: float, space: str = "S1", **more: object
    ) -> SignedEvent:
        """As the rig makes it, with another clock, boot or uncertainty where that is told."""
        other = {name: more.pop(name) for name in OTHER if name in more}
        signed = self.rig.next_event(kind, occupancy, seconds, space=space, **more)
        body = signed.body.model_copy(update=other)
        digest = event_digest(body, self.rig.domain)
        self.rig._previous[space] = "0x" + digest.hex()
        return SignedEvent(body=body, signature=sign(digest, KEY))

    def come_as(self, booking: Booking, seconds: float) -> None:
        now = self.booking(booking)
        self.come(seconds, self.rig.plate_of(now), now.space, match="accepted", grant=now.grant)

    def go(self, seconds: float, space: str = "S1", **more: object) -> None:
        self.says("departure", "free", seconds, None, space, **more)

    def until(self, seconds: float) -> None:
        self.rig.clock.at = max(self.rig.clock.at, at(seconds) + timedelta(seconds=5))
        status = Status(
            gateway="gw-1", online=True, at=self.rig.clock.at, boot_id="b", version="1",
            clock="synced",
        )  # fmt: skip
        self.rig.db.write(lambda s: gateways.heard(s, status, self.rig.clock.at))

    def booking(self, booking: Booking) -> Booking:
        return self.rig.db.read(lambda s: bookings.get(s, booking.id))

    def stays(self) -> list[Stay]:
        return self.rig.db.read(lambda s: list(s.exec(select(Stay).order_by(Stay.number))))  # type: ignore[arg-type]

    def stay(self) -> Stay:
        (found,) = self.stays()
        return found

    def alarms(self) -> set[str]:
        return self.rig.db.read(lambda s: {alarm.code for alarm in s.exec(select(Alarm))})

    def asked_of_gateway(self) -> int:
        asks = select(Command).where(Command.kind == "ask")
        return self.rig.db.read(lambda s: len(s.exec(asks).all()))

    def occupancy(self, space: str = "S1") -> str:
        return self.rig.db.read(lambda s: s.get_one(Space, space).occupancy)

    def balance(self, account: int | None = None) -> int:
        who = self.rig.driver if account is None else account
        return self.rig.db.read(lambda s: accounts.balance(s, who))

    def receipt(self, booking: Booking) -> Receipt:
        text = self.rig.db.read(lambda s: settlements.receipt_of(s, booking.id))
        found = read(text or "")
        assert isinstance(found, Receipt), found
        assert [link for link in verify(found) if not link.ok] == []
        return found


def code(found: object) -> str:
    assert isinstance(found, Refusal), found
    return found.reasons[0].code
