"""The smallest settings that read, for tests that add what they are about."""

from datetime import UTC, datetime

WALL = datetime(2026, 5, 1, tzinfo=UTC)
SETTINGS = f"""\
gateway: gw-1
data: .
broker: mqtt://127.0.0.1:1883
ledger: {{chain_id: 31337, address: "0x{"0" * 40}"}}
sensors:
  us0: {{kind: hc-sr04, space: S1, trigger: 23, echo: 24}}
  mag0: {{kind: qmc5883l, space: S1, bus: 1}}
  us1: {{kind: a02yyuw, space: S2, port: /dev/ttyAMA0}}
"""
