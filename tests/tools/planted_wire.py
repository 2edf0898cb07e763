"""The bugs that `make mutants` plants in signed commands, keys, places and the memory card."""

from tests.tools.planted import Mutant

COMMANDS = "tests/edge/test_commands.py"
SIGNED = "tests/contracts/test_commands.py"
KEYS = "tests/cloud/test_gateway_keys.py"
PLACES = "tests/cloud/test_gateway_places.py"
HOSTILE = "tests/cloud/test_hostile_gateway.py"
CARD = "tests/edge/test_stolen_card.py"
TLS = "tests/edge/test_tls_mqtt.py"
WIRE = (
    Mutant(
        "any signed command is believed",
        "edge/core/commands.py",
        "if signer_of(message, self._pinned.domain) not in self._pinned.addresses:",
        "if signer_of(message, self._pinned.domain) is None:",
        COMMANDS,
    ),
    Mutant(
        "a command is believed again",
        "edge/core/commands.py",
        "        if message.signature in self._seen:\n",
        "        if False:\n",
        COMMANDS,
    ),
    Mutant(
        "an old command is believed",
        "edge/core/commands.py",
        "        if at_ms < self._oldest_ms(utc_ms):\n",
        "        if False:\n",
        COMMANDS,
    ),
    Mutant(
        "what was forgotten for want of room is new again",
        "edge/core/commands.py",
        "            self._floor_ms = max(self._floor_ms, self._seen.pop(first))",
        "            self._seen.pop(first)",
        COMMANDS,
    ),
    Mutant(
        "a command is signed without what it says",
        "contracts/wire/commands.py",
        "        + keccak(canonical(said))\n",
        "",
        SIGNED,
    ),
    Mutant(
        "a command is signed without its kind",
        "contracts/wire/commands.py",
        "        + keccak(KIND_OF[type(message)].encode())\n",
        "",
        SIGNED,
    ),
    Mutant(
        "whoever reports on a space is its gateway",
        "cloud/usecases/gateway_places.py",
        '        return "foreign_space"\n',
        "        return None\n",
        HOSTILE,
    ),
    Mutant(
        "a space is whose it is now, whatever was then",
        "cloud/usecases/gateway_places.py",
        'return None if then else "not_then"',
        "return None",
        PLACES,
    ),
    Mutant(
        "what is told late undoes what the present gateway said",
        "cloud/usecases/stay_changes.py",
        "event.gateway != stay.gateway and stay.arrived_ms > came.at_ms",
        "False",
        PLACES,
    ),
    Mutant(
        "a time that cannot be is believed",
        "cloud/core/event_times.py",
        "return at_ms > now_ms + AHEAD_MS or",
        "return",
        PLACES,
    ),
    Mutant(
        "a revoked key counts as a changed one",
        "cloud/usecases/gateway_keys.py",
        "    if any(row.revoked for row in rows):\n",
        "    if False:\n",
        KEYS,
    ),
    Mutant(
        "a revoked key comes back under another name",
        "cloud/usecases/gateway_keys.py",
        "        if row.revoked:\n            return refuse",
        "        if False:\n            return refuse",
        KEYS,
    ),
    Mutant(
        "a revoked gateway's spaces stay as they were",
        "cloud/usecases/gateways.py",
        "    for space in session.exec(select(Space).where(Space.gateway == gateway_id)):\n",
        "    for space in ():\n",
        KEYS,
    ),
    Mutant(
        "a key is taken back before its stays are filed",
        "cloud/usecases/enrolling.py",
        "        apply_stored(session, gateway_id, now)\n        _file(session, now)\n    return",
        "        apply_stored(session, gateway_id, now)\n    return",
        KEYS,
    ),
    Mutant(
        "an old key goes on beside the new one",
        "cloud/usecases/gateway_keys.py",
        "    return session.exec(newer.limit(1)).first() is None",
        "    return True",
        KEYS,
    ),
    Mutant(
        "numbers made up fill the disk",
        "cloud/usecases/stays.py",
        "if stored is None and _too_far(gateway, body):",
        "if False:",
        HOSTILE,
    ),
    Mutant(
        "a gateway moves what was booked at another's space",
        "cloud/usecases/stay_arrivals.py",
        "    if booking_grants.gateway_of(session, booking.space) != came.event.gateway:\n",
        "    if False:\n",
        HOSTILE,
    ),
    Mutant(
        "a past booking's plate is still read on the card",
        "edge/adapters/erasing.py",
        '        self._db.execute("PRAGMA secure_delete=ON")\n',
        '        self._db.execute("PRAGMA secure_delete=OFF")\n',
        CARD,
    ),
    Mutant(
        "the log of the database keeps what was forgotten",
        "edge/adapters/erasing.py",
        "            if self._writes > FOLD_AFTER_WRITES:\n",
        "            if False:\n",
        CARD,
    ),
    Mutant(
        "a retained word counts as a present one",
        "cloud/entrypoints/mqtt.py",
        '        if properties and properties.get("retain"):\n',
        "        if False:\n",
        TLS,
    ),
    Mutant(
        "the broker's name is not checked",
        "edge/adapters/tls.py",
        "    made.minimum_version = ssl.TLSVersion.TLSv1_3\n",
        "    made.minimum_version = ssl.TLSVersion.TLSv1_3\n    made.check_hostname = False\n",
        TLS,
    ),
    Mutant(
        "a renewed certificate is shown only after a restart",
        "edge/adapters/mqtt.py",
        "                load(self._context, self._address.tls)\n",
        "                pass\n",
        TLS,
    ),
)
