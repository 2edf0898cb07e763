"""The bugs that the simulated town must find: each in the product, caught by a few of its seeds."""

from tests.tools.planted import Mutant

CITY = "tests/sim/test_city.py"
TOWN = (
    Mutant(
        "the outbox does not wait for the disk, and the power goes",
        "edge/adapters/outbox.py",
        "PRAGMA synchronous=FULL",
        "PRAGMA synchronous=NORMAL",
        CITY,
    ),
    Mutant(
        "events leave before they are on the card",
        "edge/delivery.py",
        "            self._writes.append(write)\n        elif",
        "            self._writes.append(write)\n"
        "            if isinstance(write, EventRow):\n"
        "                self._uplink.publish(self._topic, write.payload)\n"
        "        elif",
        CITY,
    ),
    Mutant(
        "what was not acknowledged is never sent again",
        "edge/core/window.py",
        "        self._sent, self._due_s = self.acked, None\n        self._timeout_s = min(",
        "        self._due_s = None\n        self._timeout_s = min(",
        CITY,
    ),
    Mutant(
        "the send window has no bound",
        "edge/core/window.py",
        "min(self.last, self.acked + self._set.events)",
        "self.last",
        CITY,
    ),
    Mutant(
        "a number that the card has kept is used again after a restart",
        "edge/adapters/outbox.py",
        '        self._set("seq", row.seq)\n',
        '        self._set("seq", row.seq - 1)\n'
        '        self._db.execute("DELETE FROM events WHERE seq > ?", (row.seq,))\n',
        CITY,
    ),
    Mutant(
        "what a full card refuses is forgotten",
        "edge/delivery.py",
        "            self._retry_due_s = now_s + RETRY_WRITE_S\n",
        "            self._retry_due_s, self._writes = now_s + RETRY_WRITE_S, []\n",
        CITY,
    ),
    Mutant(
        "events are acknowledged though nothing was committed",
        "cloud/entrypoints/intake.py",
        "unread=len(plain))\n            return [], []\n",
        "unread=len(plain))\n"
        "            return [Taken(it.gateway, it.epoch, it.seq, None) for it in plain], []\n",
        CITY,
    ),
    Mutant(
        "what could not be applied at once waits for some later event",
        "cloud/entrypoints/intake.py",
        "            if checked is None:\n                behind = True\n",
        "            if checked is None:\n                behind = False\n",
        CITY,
    ),
    Mutant(
        "after a slow disk nothing that is stored is applied any more",
        "cloud/entrypoints/applying.py",
        "            log.warning(error.code, error=str(error))\n            return False\n",
        "            self._awake = lambda _names: []  # type: ignore[method-assign]\n"
        "            return False\n",
        CITY,
    ),
    Mutant(
        "an event is acknowledged over a gap",
        "cloud/usecases/stays.py",
        "    return Taken(gateway.id, gateway.epoch, gateway.seq, _gap(session, gateway))\n",
        "    return Taken(gateway.id, body.epoch, body.seq, _gap(session, gateway))\n",
        CITY,
    ),
    Mutant(
        "an event that comes twice is stored twice",
        "cloud/usecases/stays.py",
        "    if stored is None:\n        session.add(_row(",
        "    if True:\n        session.add(_row(",
        CITY,
    ),
    Mutant(
        "a hold stays when its stay is paid",
        "cloud/usecases/settlements.py",
        "money.post(of.payer, of.payee, row.held_minor,",
        "money.post(of.payer, of.payee, 0,",
        CITY,
    ),
    Mutant(
        "what the pool has forgotten is not sent again",
        "cloud/entrypoints/sending.py",
        '        if waited_s < REPLACE_AFTER_S:\n            return self._step(call, "replace")\n',
        "        return call\n",
        CITY,
    ),
    Mutant(
        "a second tap on the same button is a second booking",
        "cloud/usecases/bookings.py",
        "    if before is not None:\n        return before if _same",
        "    if before is not None and before.state == 'never':\n        return before if _same",
        CITY,
    ),
    Mutant(
        "the grace is charged",
        "contracts/ledger/pricing.py",
        "    grace_ends_at = window.ends_at + timedelta(seconds=terms.forgiven_s)\n",
        "    grace_ends_at = window.ends_at\n",
        CITY,
    ),
    Mutant(
        "a car that drove away has not left, where nobody had booked",
        "cloud/usecases/stay_changes.py",
        '    if event.occupancy == "free" and stay is not None:\n',
        '    if event.occupancy == "free" and stay is not None and stay.booking:\n',
        CITY,
    ),
    Mutant(
        "a stay is paid once for every time that it is asked",
        "cloud/usecases/settlements.py",
        "    .where(col(Settlement.batch).is_(None))\n",
        "    .where(col(Settlement.stay) > 0)\n",
        CITY,
    ),
    Mutant(
        "a command is held for answered once it was sent",
        "cloud/usecases/gateways.py",
        '        .where(Command.status == "pending", col(Gateway.online).is_(True))\n',
        '        .where(Command.status == "never", col(Gateway.online).is_(True))\n',
        CITY,
    ),
)
# Not caught in the first twelve quarters of a day: they need whole days, or luck with the chain.
SELDOM = (
    Mutant(
        "a stay is dated by whatever the clock shows",
        "edge/core/scale.py",
        "<= SET_MS:",
        "<= 10**18:",
        CITY,
    ),
    Mutant(
        "a gateway that was away stays away",
        "cloud/usecases/gateways.py",
        "    gateway.online = status.online\n",
        "    gateway.online = gateway.online and status.online\n",
        CITY,
    ),
    Mutant(
        "a block that has vanished is not missed",
        "cloud/entrypoints/sending.py",
        '            self.db.write(lambda s: self._returned(s, call, "vanish"))\n',
        "            return\n",
        CITY,
    ),
    Mutant(
        "a batch in another block is not followed to it",
        "cloud/entrypoints/sending.py",
        "elif outcome.block_hash != call.block_hash:",
        "elif False:",
        CITY,
    ),
    Mutant(
        "a block is final as soon as it is there",
        "cloud/entrypoints/sending.py",
        "        elif outcome.final:\n",
        "        else:\n",
        CITY,
    ),
    Mutant(
        "a receipt keeps a block that a reorganisation took",
        "cloud/usecases/receipts.py",
        "            before[stay].text = text\n",
        "",
        CITY,
    ),
    Mutant(
        "a bid that is outbid gets another nonce",
        "cloud/entrypoints/sending.py",
        "self.chain.sign(calling.wanted(call), call.nonce or 0, above)",
        "self.chain.sign(calling.wanted(call), None, above)",
        CITY,
    ),
    Mutant(
        "who came while nobody could see owes a fee for not coming",
        "cloud/usecases/booking_no_shows.py",
        "if not _taken(session, booking) and not _unseen(session, booking):",
        "if not _taken(session, booking):",
        CITY,
    ),
    Mutant(
        "doubt of when it came is charged to the driver",
        "contracts/ledger/stay.py",
        "begin = begun.at + timedelta(seconds=begun.uncertainty_s)",
        "begin = begun.at - timedelta(seconds=begun.uncertainty_s)",
        CITY,
    ),
    Mutant(
        "unknown time is charged",
        "contracts/ledger/stay.py",
        'elif event.occupancy != "occupied" and begun is not None:',
        'elif event.occupancy == "free" and begun is not None:',
        CITY,
    ),
)
