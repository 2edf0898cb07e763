"""A client of the HTTP API for drivers' apps and others: typed, small, and only httpx below it."""

from cloud.client.calls import Client
from cloud.client.problem import Problem, Reason
from cloud.client.sending import Unreachable
from contracts.ledger.pricing import Window

__all__ = ["Client", "Problem", "Reason", "Unreachable", "Window"]
