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

# A stay of more events, or a tariff of more rows or tiers, is checked with berth-verify.
MAX_EVENTS: constant(uint256) = 16
MAX_SPANS: constant(uint256) = 8  # of MAX_EVENTS: an interval takes two
MAX_ROWS: constant(uint256) = 64
MAX_TIERS: constant(uint256) = 16

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
TARIFF_TYPE: constant(bytes32) = keccak256("Tariff(string id,uint256 version,string currency,uint256 perHourMinor,uint256 stepS,uint256 freeS,uint256 capMinor,uint256 overstayPercent,uint256 dayCapMinor,uint256 minimumMinor,uint256 bookingFeeMinor,uint256 roundToMinor,uint256 rounding,uint256 taxBps,uint256 taxAdded,bytes32 overstayTiers,bytes32 timetable)")
BOOKING_TYPE: constant(bytes32) = keccak256("Booking(string id,string space,uint256 startsMs,uint256 endsMs,uint256 earlyStartS,uint256 noShowTimeoutS,uint256 graceS,bytes32 tariff,uint256 driverAccount,uint256 ownerAccount,uint256 quotedMinor,uint256 confirmedMs,bytes32 terms)")
TERMS_TYPE: constant(bytes32) = keccak256("Terms(uint256 noShowFeeMinor,uint256 lateStopS,uint256 cancelUntilS,uint256 cancelFeeMinor,uint256 changeUntilS,uint256 minS,uint256 maxS)")
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
BPS: constant(uint256) = 10000
MAX_UNIT: constant(uint256) = 10000
MAX_LATE_S: constant(uint256) = 86400
DAYS_END: constant(uint256) = 2**16
NEAREST: constant(uint256) = 1
UP: constant(uint256) = 2


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
    day_cap_minor: uint256
    minimum_minor: uint256
    booking_fee_minor: uint256
    round_to_minor: uint256
    rounding: uint256
    tax_bps: uint256
    tax_added: uint256
    overstay_tiers: bytes32
    timetable: bytes32


# One rate of one stretch; the rows of a stretch follow one another and have its bounds.
struct Row:
    starts_ms: uint256
    ends_ms: uint256
    day: uint256
    after_s: uint256
    per_hour_minor: uint256


struct Tier:
    from_s: uint256
    per_hour_minor: uint256


struct Terms:
    no_show_fee_minor: uint256
    late_stop_s: uint256
    cancel_until_s: uint256
    cancel_fee_minor: uint256
    change_until_s: uint256
    min_s: uint256
    max_s: uint256


# What tariff and booking name by digest, brought with them.
struct Tables:
    tiers: DynArray[Tier, MAX_TIERS]
    rows: DynArray[Row, MAX_ROWS]
    terms: Terms


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
    terms: bytes32


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


struct Span:
    start_ms: uint256
    end_ms: uint256


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
    tables: Tables,
    events: DynArray[Signed, MAX_EVENTS],
) -> uint256:
    """
    @notice As `check`; that the record agrees, or how it contradicts itself, goes on record.
    @dev What is not the record's evidence proves nothing, and leaves no trace.
    """
    code: uint256 = self._check(seq, proof, record, booking, tariff, tables, events)
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
    tables: Tables,
    events: DynArray[Signed, MAX_EVENTS],
) -> uint256:
    return self._check(seq, proof, record, booking, tariff, tables, events)


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
    tables: Tables,
    events: DynArray[Signed, MAX_EVENTS],
) -> uint256:
    """
    @dev First whether these are the record's parts, then whether they agree. The key comes last:
         the registry knows only today's keys, and a contradiction stands under any.
    """
    code: uint256 = self._parts(seq, proof, record, booking, tariff, tables)
    if code == AGREES:
        code = self._events(record, events)
    if code == AGREES:
        code = self._agreed(record, booking, tariff)
    if code == AGREES:
        code = self._matched(record, booking, events)
    if code == AGREES:
        code = self._priced(record, booking, tariff, tables, events)
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
    tables: Tables,
) -> uint256:
    if not self._filed(seq, proof, record):
        return NOT_FILED
    if record.credit_of != 0:
        return COUNTER_RECORD
    if self._digest_of(booking) != record.booking:
        return OTHER_BOOKING
    if keccak256(concat(TERMS_TYPE, abi_encode(tables.terms))) != booking.terms:
        return OTHER_BOOKING
    found: bytes32 = keccak256(concat(TARIFF_TYPE, abi_encode(tariff)))
    if found != record.tariff and found != booking.tariff:
        return OTHER_TARIFF
    if keccak256(abi_encode(tables.tiers)) != tariff.overstay_tiers:
        return OTHER_TARIFF
    if keccak256(abi_encode(tables.rows)) != tariff.timetable:
        return OTHER_TARIFF
    if not self._tables_in_range(tables):
        return OUT_OF_RANGE
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
        and booking.grace_s <= MAX_LATE_S
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
        and (tariff.day_cap_minor < MONEY_END or tariff.day_cap_minor == NO_CAP)
        and tariff.minimum_minor < MONEY_END
        and tariff.booking_fee_minor < MONEY_END
        and tariff.round_to_minor >= 1
        and tariff.round_to_minor <= MAX_UNIT
        and tariff.rounding <= UP
        and tariff.tax_bps <= BPS
        and tariff.tax_added <= 1
    )


@internal
@pure
def _tables_in_range(tables: Tables) -> bool:
    """
    @dev Stretches and days follow one another; rates and tiers begin at 0 and ascend.
    """
    if tables.terms.late_stop_s > MAX_LATE_S:
        return False
    for i: uint256 in range(len(tables.tiers), bound=MAX_TIERS):
        tier: Tier = tables.tiers[i]
        if tier.from_s >= COUNT_END or tier.per_hour_minor >= MONEY_END:
            return False
        if i == 0 and tier.from_s != 0:
            return False
        if i != 0 and tier.from_s <= tables.tiers[i - 1].from_s:
            return False
    last: Row = empty(Row)
    for row: Row in tables.rows:
        if row.starts_ms >= row.ends_ms or row.ends_ms >= TIME_END_MS or row.day >= DAYS_END:
            return False
        if row.after_s >= COUNT_END or row.per_hour_minor >= MONEY_END or row.day < last.day:
            return False
        if self._one_stretch(row, last):
            if row.after_s <= last.after_s or row.day != last.day:
                return False
        elif row.after_s != 0 or row.starts_ms < last.ends_ms:
            return False
        last = row
    return True


@internal
@pure
def _one_stretch(row: Row, other: Row) -> bool:
    return row.starts_ms == other.starts_ms and row.ends_ms == other.ends_ms


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
    record: Settlement,
    booking: Booking,
    tariff: Tariff,
    tables: Tables,
    events: DynArray[Signed, MAX_EVENTS],
) -> uint256:
    last: uint256 = len(events) - 1
    if record.starts_ms != convert(events[0].body.at_ms, uint256):
        return TIMES_DIFFER
    if record.ends_ms != convert(events[last].body.at_ms, uint256):
        return TIMES_DIFFER
    billed: DynArray[Span, MAX_SPANS] = self._billed(events)
    if record.billed_s != self._seconds(billed):
        return BILLED_DIFFERS
    inside: DynArray[Span, MAX_SPANS] = self._clipped(billed, 0, booking.ends_ms)
    forgiven: uint256 = booking.ends_ms + max(booking.grace_s, tables.terms.late_stop_s) * 1000
    late: DynArray[Span, MAX_SPANS] = self._clipped(billed, forgiven, max_value(uint256))
    parking: uint256 = self._parking(tariff, tables.rows, inside)
    overstay: uint256 = self._overstay(tariff, tables, late, self._seconds(inside))
    if parking >= MONEY_END or overstay >= MONEY_END:
        return AMOUNT_DIFFERS
    amount: uint256 = self._closed(tariff, parking + overstay)
    return AGREES if amount < MONEY_END and amount == record.amount_minor else AMOUNT_DIFFERS


@internal
@view
def _billed(events: DynArray[Signed, MAX_EVENTS]) -> DynArray[Span, MAX_SPANS]:
    """
    @dev Only what is certainly occupied: from an event that a set clock told to the next that says
         otherwise.
    """
    billed: DynArray[Span, MAX_SPANS] = []
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
            if start < end:
                span: Span = Span(
                    start_ms=convert(start, uint256), end_ms=convert(end, uint256)
                )
                billed.append(span)
    return billed


@internal
@pure
def _clipped(
    spans: DynArray[Span, MAX_SPANS], since_ms: uint256, until_ms: uint256
) -> DynArray[Span, MAX_SPANS]:
    found: DynArray[Span, MAX_SPANS] = []
    for span: Span in spans:
        start: uint256 = max(span.start_ms, since_ms)
        end: uint256 = min(span.end_ms, until_ms)
        if start < end:
            found.append(Span(start_ms=start, end_ms=end))
    return found


@internal
@pure
def _seconds(spans: DynArray[Span, MAX_SPANS]) -> uint256:
    whole_ms: uint256 = 0
    for span: Span in spans:
        whole_ms += span.end_ms - span.start_ms
    return whole_ms // 1000


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
def _parking(
    tariff: Tariff, rows: DynArray[Row, MAX_ROWS], inside: DynArray[Span, MAX_SPANS]
) -> uint256:
    """
    @dev Whole steps, rounded down, as pricing.py does it. What no bill can show is MONEY_END.
    """
    inside_s: uint256 = self._seconds(inside)
    free_s: uint256 = min(inside_s, tariff.free_s)
    charged_s: uint256 = self._stepped(tariff, inside_s - free_s)
    due: uint256 = 0
    if len(rows) == 0:
        if self._stepped(tariff, inside_s) * tariff.per_hour_minor // HOUR_S >= MONEY_END:
            return MONEY_END
        due = charged_s * tariff.per_hour_minor // HOUR_S
    else:
        worth: uint256 = 0
        over: uint256 = 0
        worth, over = self._worth(
            rows, tariff, 100, tariff.day_cap_minor, inside, free_s, free_s + charged_s, 0
        )
        if worth // HOUR_S >= MONEY_END:
            return MONEY_END
        due = (worth - over) // HOUR_S
    due = min(due, tariff.cap_minor)
    return max(due, tariff.minimum_minor) if charged_s != 0 else due


@internal
@pure
def _overstay(
    tariff: Tariff, tables: Tables, late: DynArray[Span, MAX_SPANS], inside_s: uint256
) -> uint256:
    late_s: uint256 = self._seconds(late)
    charged_s: uint256 = self._stepped(tariff, late_s)
    worth: uint256 = 0
    over: uint256 = 0
    tiers: uint256 = len(tables.tiers)
    if late_s == 0:
        return 0
    if tiers != 0:
        for i: uint256 in range(tiers, bound=MAX_TIERS):
            end: uint256 = charged_s
            if i + 1 < tiers:
                end = min(end, tables.tiers[i + 1].from_s)
            if end > tables.tiers[i].from_s:
                worth += (end - tables.tiers[i].from_s) * tables.tiers[i].per_hour_minor
    elif len(tables.rows) != 0:
        worth, over = self._worth(
            tables.rows, tariff, tariff.overstay_percent, NO_CAP, late, 0, charged_s, inside_s
        )
    else:
        rate: uint256 = tariff.per_hour_minor * tariff.overstay_percent // 100
        if rate >= MONEY_END:
            return MONEY_END
        worth = charged_s * rate
    return min(worth // HOUR_S, MONEY_END)


@internal
@pure
def _worth(
    rows: DynArray[Row, MAX_ROWS],
    tariff: Tariff,
    percent: uint256,
    day_cap_minor: uint256,
    spans: DynArray[Span, MAX_SPANS],
    first: uint256,
    last: uint256,
    counted: uint256,
) -> (uint256, uint256):
    """
    @dev Of the billed seconds `first` to before `last`, in minor units times seconds of an hour;
         and what of it is over the caps of its days. A second has the rate of the stretch it
         begins in, by how many were billed before it; outside of all it has the tariff's.
    """
    worth: uint256 = 0
    over: uint256 = 0
    of_day: uint256 = 0
    left: uint256 = last - first
    rates: uint256 = len(rows)
    for i: uint256 in range(rates, bound=MAX_ROWS):
        row: Row = rows[i]
        low: uint256 = max(first, row.after_s - min(row.after_s, counted))
        high: uint256 = last
        if i + 1 < rates and self._one_stretch(row, rows[i + 1]):
            high = min(high, rows[i + 1].after_s - min(rows[i + 1].after_s, counted))
        count: uint256 = self._begun_within(row, spans, low, high)
        rate: uint256 = row.per_hour_minor * percent // 100
        if count != 0 and rate >= MONEY_END:
            worth += MONEY_END * HOUR_S
        worth += count * rate
        of_day += count * rate
        left -= count
        if i + 1 == rates or rows[i + 1].day != row.day:
            if day_cap_minor != NO_CAP and of_day > day_cap_minor * HOUR_S:
                over += of_day - day_cap_minor * HOUR_S
            of_day = 0
    outside: uint256 = tariff.per_hour_minor * percent // 100
    if left != 0 and outside >= MONEY_END:
        worth += MONEY_END * HOUR_S
    return worth + left * outside, over


@internal
@pure
def _begun_within(
    row: Row, spans: DynArray[Span, MAX_SPANS], low: uint256, high: uint256
) -> uint256:
    """
    @dev How many of the seconds `low` to before `high` of the spans put end to end begin in a row.
    """
    count: uint256 = 0
    before_ms: uint256 = 0
    for span: Span in spans:
        since: uint256 = max(span.start_ms, row.starts_ms)
        until: uint256 = min(span.end_ms, row.ends_ms)
        if since < until:
            begin: uint256 = max(low, (before_ms + since - span.start_ms + 999) // 1000)
            end: uint256 = min(high, (before_ms + until - span.start_ms + 999) // 1000)
            if begin < end:
                count += end - begin
        before_ms += span.end_ms - span.start_ms
    return count


@internal
@pure
def _closed(tariff: Tariff, lines: uint256) -> uint256:
    """
    @dev With the booking's fee, the tax on top, and the rounding; half a unit is rounded down.
    """
    due: uint256 = lines + tariff.booking_fee_minor
    if tariff.tax_added == 1:
        due += due * tariff.tax_bps // BPS
    unit: uint256 = tariff.round_to_minor
    raised: uint256 = 0
    if tariff.rounding == NEAREST:
        raised = (unit - 1) // 2
    elif tariff.rounding == UP:
        raised = unit - 1
    return (due + raised) // unit * unit


@internal
@pure
def _stepped(tariff: Tariff, seconds: uint256) -> uint256:
    return seconds // tariff.step_s * tariff.step_s
