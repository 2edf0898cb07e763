# pragma version 0.4.3
"""
@title Do a settlement record and its evidence agree? Asked by anyone, answered by arithmetic
@license Apache-2.0
@dev The record of a batch names all that it was made of by digest. Whoever brings those parts gets
     the answer: 0 they agree; 1 to 15 what was brought is not (or not yet) the record's evidence;
     16 and above the record contradicts its own evidence, which no choice of what is brought can
     feign. Strings are brought as their keccak. `lines` is not read: the amount is computed anew.
     It compares record and evidence, and no more: whether the word that moved the money is the
     record's stands only in the batch's log, and berth-verify checks it. 0 is not yet "rightly
     paid". Nor does it say that the key or the booking was made in good faith.
     It follows contracts/ledger/receipt.py, credit.py, stay.py and pricing.py, and holds no money
     or state.
"""

import proof as merkle

# A stay of more events is checked with berth-verify.
MAX_EVENTS: constant(uint256) = 16

AGREES: constant(uint256) = 0
OUT_OF_RANGE: constant(uint256) = 1
NOT_FILED: constant(uint256) = 2
COUNTER_RECORD: constant(uint256) = 3
OTHER_BOOKING: constant(uint256) = 4
OTHER_TARIFF: constant(uint256) = 5
OTHER_EVENTS: constant(uint256) = 6
EVENT_MISSING: constant(uint256) = 7
NOT_SIGNED: constant(uint256) = 8
KEY_UNKNOWN: constant(uint256) = 9
UNRELATED: constant(uint256) = 10
PARTIES_DIFFER: constant(uint256) = 16
TARIFF_DIFFERS: constant(uint256) = 17
SPACE_DIFFERS: constant(uint256) = 18
NUMBERS_DESCEND: constant(uint256) = 19
NOT_MATCHED: constant(uint256) = 20
OTHER_VEHICLE: constant(uint256) = 21
NOT_ONE_STAY: constant(uint256) = 22
TIMES_DIFFER: constant(uint256) = 23
BILLED_DIFFERS: constant(uint256) = 24
AMOUNT_DIFFERS: constant(uint256) = 25
CREDIT_DIFFERS: constant(uint256) = 26
SETTLED_TWICE: constant(uint256) = 27
FIRST_FINDING: constant(uint256) = 16

DOMAIN_TYPE: constant(bytes32) = keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")
EVENT_TYPE: constant(bytes32) = keccak256("Event(string gateway,uint64 epoch,uint64 seq,string kind,string space,string occupancy,uint64 atMs,uint64 uncertaintyMs,uint64 reportedAtMs,string bootId,uint64 boottimeNs,string clock,bytes32 previous,bytes32 evidence,bytes32 plate,string match,string grant)")
TARIFF_TYPE: constant(bytes32) = keccak256("Tariff(string id,uint256 version,string currency,uint256 perHourMinor,uint256 stepS,uint256 freeS,uint256 capMinor,uint256 overstayPercent)")
BOOKING_TYPE: constant(bytes32) = keccak256("Booking(string id,string space,uint256 startsMs,uint256 endsMs,uint256 earlyStartS,uint256 noShowTimeoutS,uint256 graceS,bytes32 tariff,uint256 driverAccount,uint256 ownerAccount,uint256 quotedMinor,uint256 confirmedMs)")
SETTLEMENT_TYPE: constant(bytes32) = keccak256("Settlement(uint256 stay,string space,uint256 spaceNumber,bytes32 booking,bytes32 tariff,address gateway,bytes32 arrival,bytes32 departure,bytes32 lines,uint256 startsMs,uint256 endsMs,uint256 billedS,uint256 amountMinor,string currency,uint256 driverAccount,uint256 ownerAccount,uint256 feeBps,uint256 creditOf)")

NOTHING: constant(bytes32) = keccak256("")
OCCUPIED: constant(bytes32) = keccak256("occupied")
FREE: constant(bytes32) = keccak256("free")
UNKNOWN: constant(bytes32) = keccak256("unknown")
SYNCED: constant(bytes32) = keccak256("synced")
HOLDOVER: constant(bytes32) = keccak256("holdover")
UNSYNCED: constant(bytes32) = keccak256("unsynced")
ACCEPTED: constant(bytes32) = keccak256("accepted")
AMBIGUOUS: constant(bytes32) = keccak256("ambiguous")
OTHER: constant(bytes32) = keccak256("other")
UNREAD: constant(bytes32) = keccak256("none")

# Of secp256k1: of the two signatures of one message only that with the low s counts (EIP-2).
HALF_ORDER: constant(uint256) = 57896044618658097711785492504343953926418782139537452191302581570759080747168
NO_CAP: constant(uint256) = max_value(uint256)
MONEY_END: constant(uint256) = 2**32
COUNT_END: constant(uint256) = 2**53
TIME_END_MS: constant(uint256) = 7258118400000  # the year 2200
MAX_UNCERTAINTY_MS: constant(uint256) = 10000000000
MAX_FEE_BPS: constant(uint256) = 1000
STAY_END: constant(uint256) = 2**48  # of a batch's word; the ledger reverts when asked beyond
HOUR_S: constant(uint256) = 3600


struct Body:
    gateway: bytes32
    epoch: uint64
    seq: uint64
    kind: bytes32
    space: bytes32
    occupancy: bytes32
    at_ms: uint64
    uncertainty_ms: uint64
    reported_at_ms: uint64
    boot_id: bytes32
    boottime_ns: uint64
    clock: bytes32
    previous: bytes32
    evidence: bytes32
    plate: bytes32
    matched: bytes32
    grant: bytes32


struct Signed:
    body: Body
    v: uint256
    r: uint256
    s: uint256


struct Tariff:
    id: bytes32
    version: uint256
    currency: bytes32
    per_hour_minor: uint256
    step_s: uint256
    free_s: uint256
    cap_minor: uint256
    overstay_percent: uint256


struct Booking:
    id: bytes32
    space: bytes32
    starts_ms: uint256
    ends_ms: uint256
    early_start_s: uint256
    no_show_timeout_s: uint256
    grace_s: uint256
    tariff: bytes32
    driver_account: uint256
    owner_account: uint256
    quoted_minor: uint256
    confirmed_ms: uint256


struct Settlement:
    stay: uint256
    space: bytes32
    space_number: uint256
    booking: bytes32
    tariff: bytes32
    gateway: address
    arrival: bytes32
    departure: bytes32
    lines: bytes32
    starts_ms: uint256
    ends_ms: uint256
    billed_s: uint256
    amount_minor: uint256
    currency: bytes32
    driver_account: uint256
    owner_account: uint256
    fee_bps: uint256
    credit_of: uint256


struct Billed:
    whole_ms: int256
    inside_ms: int256
    late_ms: int256


interface Ledger:
    def verify_record(
        seq: uint256, leaf: bytes32, proof: DynArray[bytes32, merkle.MAX_DEPTH]
    ) -> bool: view
    def is_settled(stay: uint256) -> bool: view
    def registry() -> address: view


interface Registry:
    def gateway_of(signer: address) -> bytes32: view


event Disputed:
    stay: indexed(uint256)
    code: indexed(uint256)
    brought_by: indexed(address)


LEDGER: public(immutable(Ledger))
REGISTRY: public(immutable(Registry))
DOMAIN: public(immutable(bytes32))


@deploy
def __init__(ledger: address):
    LEDGER = Ledger(ledger)
    REGISTRY = Registry(staticcall Ledger(ledger).registry())
    DOMAIN = keccak256(
        abi_encode(DOMAIN_TYPE, keccak256("Berth"), keccak256("1"), chain.id, ledger)
    )


@external
def dispute(
    seq: uint256,
    proof: DynArray[bytes32, merkle.MAX_DEPTH],
    record: Settlement,
    booking: Booking,
    tariff: Tariff,
    events: DynArray[Signed, MAX_EVENTS],
) -> uint256:
    """
    @notice As `check`; that the record agrees, or how it contradicts itself, goes on record.
    @dev What is not the record's evidence proves nothing, and leaves no trace.
    """
    code: uint256 = self._check(seq, proof, record, booking, tariff, events)
    if code == AGREES or code >= FIRST_FINDING:
        log Disputed(stay=record.stay, code=code, brought_by=msg.sender)
    return code


@external
@view
def check(
    seq: uint256,
    proof: DynArray[bytes32, merkle.MAX_DEPTH],
    record: Settlement,
    booking: Booking,
    tariff: Tariff,
    events: DynArray[Signed, MAX_EVENTS],
) -> uint256:
    return self._check(seq, proof, record, booking, tariff, events)


@external
def dispute_pair(
    seq: uint256,
    proof: DynArray[bytes32, merkle.MAX_DEPTH],
    record: Settlement,
    other_seq: uint256,
    other_proof: DynArray[bytes32, merkle.MAX_DEPTH],
    other: Settlement,
) -> uint256:
    """
    @notice Two filed records: a credit and then what it corrects, or one stay settled twice.
    @dev Several credits of one stay are not added up, and what `other` rests on is for `dispute`.
    """
    code: uint256 = self._pair(record, other)
    if code == AGREES and seq < other_seq:
        code = CREDIT_DIFFERS
    if not self._filed(seq, proof, record) or not self._filed(other_seq, other_proof, other):
        code = NOT_FILED
    if code == AGREES or code >= FIRST_FINDING:
        log Disputed(stay=record.stay, code=code, brought_by=msg.sender)
    return code


@external
def dispute_credit_of_nothing(
    seq: uint256, proof: DynArray[bytes32, merkle.MAX_DEPTH], record: Settlement
) -> uint256:
    """
    @notice A credit of a stay that was never settled; any other credit is for `dispute_pair`.
    """
    if not self._filed(seq, proof, record):
        return NOT_FILED
    if record.credit_of == 0:
        return UNRELATED
    if record.credit_of < STAY_END and staticcall LEDGER.is_settled(record.credit_of):
        return COUNTER_RECORD
    log Disputed(stay=record.stay, code=CREDIT_DIFFERS, brought_by=msg.sender)
    return CREDIT_DIFFERS


@internal
@view
def _filed(
    seq: uint256, proof: DynArray[bytes32, merkle.MAX_DEPTH], record: Settlement
) -> bool:
    digest: bytes32 = keccak256(concat(SETTLEMENT_TYPE, abi_encode(record)))
    leaf: bytes32 = keccak256(concat(b"\x00", digest))
    return staticcall LEDGER.verify_record(seq, leaf, proof)


@internal
@pure
def _pair(record: Settlement, other: Settlement) -> uint256:
    """
    @dev A credit is the record it corrects but for the numbers, `lines`, the amount, and the
         parties, who change places. Two records are of one stay if they have its number, or its
         first or last event: it has one number and runs from one arrival to one departure.
    """
    if record.stay == other.stay:
        same: bool = keccak256(abi_encode(record)) == keccak256(abi_encode(other))
        return UNRELATED if same else SETTLED_TWICE
    if record.credit_of == 0 and other.credit_of == 0:
        one: bool = record.arrival == other.arrival or record.departure == other.departure
        return SETTLED_TWICE if one else UNRELATED
    if record.credit_of == 0 or record.credit_of != other.stay:
        return UNRELATED
    turned: Settlement = record
    turned.stay = other.stay
    turned.lines = other.lines
    turned.amount_minor = other.amount_minor
    turned.driver_account = record.owner_account
    turned.owner_account = record.driver_account
    turned.credit_of = 0
    if keccak256(abi_encode(turned)) != keccak256(abi_encode(other)):
        return CREDIT_DIFFERS
    within: bool = record.amount_minor != 0 and record.amount_minor <= other.amount_minor
    return AGREES if within else CREDIT_DIFFERS


@internal
@view
def _check(
    seq: uint256,
    proof: DynArray[bytes32, merkle.MAX_DEPTH],
    record: Settlement,
    booking: Booking,
    tariff: Tariff,
    events: DynArray[Signed, MAX_EVENTS],
) -> uint256:
    """
    @dev First whether these are the record's parts, then whether they agree. The key comes last:
         the registry knows only today's keys, and a contradiction stands under any.
    """
    code: uint256 = self._parts(seq, proof, record, booking, tariff)
    if code == AGREES:
        code = self._events(record, events)
    if code == AGREES:
        code = self._agreed(record, booking, tariff)
    if code == AGREES:
        code = self._matched(record, booking, events)
    if code == AGREES:
        code = self._priced(record, booking, tariff, events)
    if code == AGREES:
        key: bytes32 = staticcall REGISTRY.gateway_of(record.gateway)
        if key == empty(bytes32) or key != events[0].body.gateway:
            code = KEY_UNKNOWN
    return code


@internal
@view
def _parts(
    seq: uint256,
    proof: DynArray[bytes32, merkle.MAX_DEPTH],
    record: Settlement,
    booking: Booking,
    tariff: Tariff,
) -> uint256:
    if not self._filed(seq, proof, record):
        return NOT_FILED
    if record.credit_of != 0:
        return COUNTER_RECORD
    if self._digest_of(booking) != record.booking:
        return OTHER_BOOKING
    found: bytes32 = keccak256(concat(TARIFF_TYPE, abi_encode(tariff)))
    if found != record.tariff and found != booking.tariff:
        return OTHER_TARIFF
    if not self._in_range(booking, tariff) or record.fee_bps > MAX_FEE_BPS:
        return OUT_OF_RANGE
    return AGREES


@internal
@pure
def _digest_of(booking: Booking) -> bytes32:
    return keccak256(concat(BOOKING_TYPE, abi_encode(booking)))


@internal
@pure
def _in_range(booking: Booking, tariff: Tariff) -> bool:
    """
    @dev As contracts/ledger/pricing.py and records.py bound them: nothing below can overflow.
    """
    return (
        booking.starts_ms < TIME_END_MS
        and booking.ends_ms < TIME_END_MS
        and booking.grace_s >= 600
        and booking.grace_s <= 86400
        and booking.early_start_s < COUNT_END
        and booking.no_show_timeout_s < COUNT_END
        and booking.quoted_minor < MONEY_END
        and booking.confirmed_ms < TIME_END_MS
        and tariff.version >= 1
        and tariff.per_hour_minor < MONEY_END
        and tariff.step_s >= 1
        and tariff.step_s <= HOUR_S
        and tariff.free_s < COUNT_END
        and (tariff.cap_minor < MONEY_END or tariff.cap_minor == NO_CAP)
        and tariff.overstay_percent >= 100
        and tariff.overstay_percent <= 500
    )


@internal
@view
def _events(record: Settlement, events: DynArray[Signed, MAX_EVENTS]) -> uint256:
    """
    @dev The record fixes the departure, each event fixes the one before it: none can be chosen.
    """
    count: uint256 = len(events)
    if count < 2:
        return EVENT_MISSING
    digest: bytes32 = empty(bytes32)
    for i: uint256 in range(count, bound=MAX_EVENTS):
        signed: Signed = events[i]
        if not self._well_formed(signed.body):
            return OUT_OF_RANGE
        if i != 0 and signed.body.previous != digest:
            return EVENT_MISSING
        digest = keccak256(
            concat(b"\x19\x01", DOMAIN, keccak256(concat(EVENT_TYPE, abi_encode(signed.body))))
        )
        if i == 0 and digest != record.arrival:
            return OTHER_EVENTS
        if not self._signed(digest, signed, record.gateway):
            return NOT_SIGNED
        if signed.body.gateway != events[0].body.gateway:
            return NOT_SIGNED
    return AGREES if digest == record.departure else OTHER_EVENTS


@internal
@pure
def _well_formed(body: Body) -> bool:
    return (
        body.epoch >= 1
        and body.epoch < 2**32
        and body.seq >= 1
        and body.seq < 2**53
        and convert(body.at_ms, uint256) < TIME_END_MS
        and convert(body.reported_at_ms, uint256) < TIME_END_MS
        and convert(body.uncertainty_ms, uint256) <= MAX_UNCERTAINTY_MS
        and body.boottime_ns < 2**63
        and body.occupancy in [OCCUPIED, FREE, UNKNOWN, NOTHING]
        and body.clock in [SYNCED, HOLDOVER, UNSYNCED]
        and body.matched in [ACCEPTED, AMBIGUOUS, OTHER, UNREAD]
    )


@internal
@view
def _signed(digest: bytes32, signed: Signed, signer: address) -> bool:
    if signed.s > HALF_ORDER or (signed.v != 27 and signed.v != 28):
        return False
    return signer != empty(address) and ecrecover(digest, signed.v, signed.r, signed.s) == signer


@internal
@view
def _agreed(record: Settlement, booking: Booking, tariff: Tariff) -> uint256:
    if (
        record.driver_account != booking.driver_account
        or record.owner_account != booking.owner_account
    ):
        return PARTIES_DIFFER
    if record.space != booking.space:
        return SPACE_DIFFERS
    if record.tariff != booking.tariff or record.currency != tariff.currency:
        return TARIFF_DIFFERS
    return AGREES


@internal
@view
def _matched(
    record: Settlement, booking: Booking, events: DynArray[Signed, MAX_EVENTS]
) -> uint256:
    """
    @dev One stay of the booked space and vehicle: the grant's id is the booking's digest in hex.
    """
    grant: bytes32 = keccak256(self._hex(self._digest_of(booking)))
    number: uint256 = 0
    for i: uint256 in range(len(events), bound=MAX_EVENTS):
        body: Body = events[i].body
        if body.space != booking.space:
            return SPACE_DIFFERS
        following: uint256 = (convert(body.epoch, uint256) << 64) | convert(body.seq, uint256)
        if following <= number:
            return NUMBERS_DESCEND
        number = following
        if i == 0 and (body.grant != grant or body.matched != ACCEPTED):
            return NOT_MATCHED
        if body.matched == OTHER or body.matched == AMBIGUOUS:
            return OTHER_VEHICLE
        if body.grant != NOTHING and body.grant != grant:
            return OTHER_VEHICLE
        if i == 0 and body.occupancy != OCCUPIED:
            return NOT_ONE_STAY
        if (body.occupancy == FREE) != (i == len(events) - 1):
            return NOT_ONE_STAY
    return AGREES


@internal
@pure
def _hex(digest: bytes32) -> Bytes[64]:
    """
    @dev Each half byte spreads into a byte of its own; 10 to 15 are letters, 39 above the digits.
    """
    words: uint256[2] = empty(uint256[2])
    for half: uint256 in range(2):
        x: uint256 = (convert(digest, uint256) >> (128 * (1 - half))) & (2**128 - 1)
        x = (x | (x << 64)) & convert(0x0000000000000000FFFFFFFFFFFFFFFF0000000000000000FFFFFFFFFFFFFFFF, uint256)
        x = (x | (x << 32)) & convert(0x00000000FFFFFFFF00000000FFFFFFFF00000000FFFFFFFF00000000FFFFFFFF, uint256)
        x = (x | (x << 16)) & convert(0x0000FFFF0000FFFF0000FFFF0000FFFF0000FFFF0000FFFF0000FFFF0000FFFF, uint256)
        x = (x | (x << 8)) & convert(0x00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF, uint256)
        x = (x | (x << 4)) & convert(0x0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F, uint256)
        letters: uint256 = (
            (x + convert(0x0606060606060606060606060606060606060606060606060606060606060606, uint256)) >> 4
        ) & convert(0x0101010101010101010101010101010101010101010101010101010101010101, uint256)
        words[half] = (
            x + convert(0x3030303030303030303030303030303030303030303030303030303030303030, uint256) + letters * 39
        )
    return concat(convert(words[0], bytes32), convert(words[1], bytes32))


@internal
@view
def _priced(
    record: Settlement, booking: Booking, tariff: Tariff, events: DynArray[Signed, MAX_EVENTS]
) -> uint256:
    last: uint256 = len(events) - 1
    if record.starts_ms != convert(events[0].body.at_ms, uint256):
        return TIMES_DIFFER
    if record.ends_ms != convert(events[last].body.at_ms, uint256):
        return TIMES_DIFFER
    billed: Billed = self._billed(booking, events)
    if record.billed_s != self._seconds(billed.whole_ms):
        return BILLED_DIFFERS
    amount: uint256 = self._price(
        tariff, self._seconds(billed.inside_ms), self._seconds(billed.late_ms)
    )
    return AGREES if amount < MONEY_END and amount == record.amount_minor else AMOUNT_DIFFERS


@internal
@view
def _billed(booking: Booking, events: DynArray[Signed, MAX_EVENTS]) -> Billed:
    """
    @dev Only what is certainly occupied: from an event that a set clock told to the next that says
         otherwise. Inside is until the booked end, late is from the end of the grace.
    """
    ends: int256 = convert(booking.ends_ms, int256)
    forgiven: int256 = ends + convert(booking.grace_s, int256) * 1000
    billed: Billed = empty(Billed)
    begun: bool = False
    first: Body = empty(Body)
    for i: uint256 in range(len(events), bound=MAX_EVENTS):
        body: Body = events[i].body
        if body.occupancy == OCCUPIED:
            if not begun and body.clock != UNSYNCED:
                begun = True
                first = body
        elif begun:
            begun = False
            start: int256 = convert(first.at_ms, int256) + convert(first.uncertainty_ms, int256)
            end: int256 = self._end(first, body)
            billed.whole_ms += max(end - start, 0)
            billed.inside_ms += max(min(end, ends) - start, 0)
            billed.late_ms += max(end - max(start, forgiven), 0)
    return billed


@internal
@pure
def _end(begun: Body, ended: Body) -> int256:
    """
    @dev A clock that was not set tells the time since the same boot, or nothing.
    """
    end: int256 = convert(ended.at_ms, int256)
    if ended.clock == UNSYNCED:
        if ended.boot_id != begun.boot_id:
            return 0
        end = convert(begun.at_ms, int256) + self._since_boot(ended) - self._since_boot(begun)
    return end - convert(ended.uncertainty_ms, int256)


@internal
@pure
def _since_boot(body: Body) -> int256:
    reported: int256 = convert(body.boottime_ns // 1000000, int256)
    return reported - (convert(body.reported_at_ms, int256) - convert(body.at_ms, int256))


@internal
@pure
def _seconds(ms: int256) -> uint256:
    return convert(ms // 1000, uint256)


@internal
@pure
def _price(tariff: Tariff, inside_s: uint256, late_s: uint256) -> uint256:
    """
    @dev Whole steps, rounded down, as pricing.py does it. A line that no bill can show is refused.
    """
    parking: uint256 = self._line(tariff, inside_s, tariff.per_hour_minor)
    if parking >= MONEY_END:
        return MONEY_END
    due: uint256 = self._line(
        tariff, inside_s - min(inside_s, tariff.free_s), tariff.per_hour_minor
    )
    due = min(due, tariff.cap_minor)
    if late_s == 0:
        return due
    rate: uint256 = tariff.per_hour_minor * tariff.overstay_percent // 100
    overstay: uint256 = self._line(tariff, late_s, rate)
    if rate >= MONEY_END or overstay >= MONEY_END:
        return MONEY_END
    return due + overstay


@internal
@pure
def _line(tariff: Tariff, seconds: uint256, rate: uint256) -> uint256:
    return seconds // tariff.step_s * tariff.step_s * rate // HOUR_S
