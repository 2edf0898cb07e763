"""The bugs that `make mutants` plants in the brokers' rules, the guard and mosquitto's files."""

from tests.tools.planted import Mutant

BROKER = (
    Mutant(
        "any gateway may take the cloud's client id and throw it out",
        "cloud/adapters/mosquitto.py",
        "use_username_as_clientid true",
        "use_username_as_clientid false",
        "tests/broker/test_rules.py",
    ),
    Mutant(
        "whoever is not named may do everything at mosquitto",
        "cloud/core/broker_rules.py",
        '"publishClientSend": False,',
        '"publishClientSend": True,',
        "tests/broker/test_files.py",
    ),
    Mutant(
        "a revoked gateway's open connection goes on",
        "cloud/core/broker_rules.py",
        """        {"command": "disableClient", "username": name},
        {"command": "deleteClient", "username": name},
""",
        "",
        "tests/broker/test_rules.py",
    ),
    Mutant(
        "mosquitto counts its memory, and counts wrongly",
        "cloud/adapters/mosquitto.py",
        "max_keepalive {keepalive_s}",
        "memory_limit 536870912\nmax_keepalive {keepalive_s}",
        "tests/broker/test_files.py",
    ),
    Mutant(
        "a filter that begins like an allowed one is allowed",
        "cloud/core/broker_rules.py",
        '        if number >= len(inside) or inside[number] == "#":',
        '        if number < len(inside) and inside[number] == "#":\n            return True\n'
        "        if number >= len(inside):",
        "tests/broker/test_packets.py",
    ),
    Mutant(
        "on loopback the cloud's name is given on a word",
        "cloud/core/broker_gate.py",
        "elif door.certified is None and not (door.loopback and rules.is_gateway(name)):",
        "elif door.certified is None and not door.loopback:",
        "tests/broker/test_tokens.py",
    ),
    Mutant(
        "a token is good for every name",
        "cloud/core/broker_rules.py",
        'return hmac.new(secret, f"broker\\0{name}".encode(), hashlib.sha256).hexdigest()',
        'return hmac.new(secret, b"broker", hashlib.sha256).hexdigest()',
        "tests/broker/test_tokens.py",
    ),
    Mutant(
        "a retained report is passed on",
        "cloud/core/broker_gate.py",
        '        if packet.retain:\n            return self._end("retained")\n',
        "",
        "tests/broker/test_gate.py",
    ),
    Mutant(
        "a will may be told on another's topic",
        "cloud/core/broker_gate.py",
        "    if not rules.may_publish(name, connect.will_topic):\n"
        '        raise Refused(NOT_ALLOWED, "will")\n',
        "",
        "tests/broker/test_gate.py",
    ),
    Mutant(
        "a control character stands in a topic",
        "cloud/core/mqtt_packets.py",
        "if any(ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0 for char in found):",
        "if any(0x7F <= ord(char) < 0xA0 for char in found):",
        "tests/broker/test_packets.py",
    ),
    Mutant(
        "a packet's end is not looked at",
        "cloud/core/mqtt_packets.py",
        """    def end(self) -> None:
        if self.left:""",
        """    def end(self) -> None:
        if self.left > 99:""",
        "tests/broker/test_packets.py",
    ),
    Mutant(
        "the older connection of a gateway stays",
        "cloud/adapters/broker_guard.py",
        "        for one in older:\n            one.writer.abort()",
        "        for one in older[:0]:\n            one.writer.abort()",
        "tests/broker/test_rules.py",
    ),
    Mutant(
        "who is revoked is forgotten by the sweep",
        "cloud/entrypoints/doors.py",
        "return inside - shut, shut",
        "return inside, frozenset()",
        "tests/broker/test_files.py",
    ),
    Mutant(
        "the broker's list is overwritten while mosquitto keeps it",
        "cloud/adapters/mosquitto.py",
        "    if not (folder / DYNSEC).exists():\n    ",
        "    if folder.exists():\n    ",
        "tests/broker/test_files.py",
    ),
)
