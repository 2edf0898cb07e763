"""The embedded MQTT broker (amqtt, 3.1.1): nothing to install, and nothing relies on its memory."""

import logging

from amqtt.broker import Broker

MAX_CONNECTIONS = 500


class EmbeddedBroker:
    """Loopback by default. It keeps no queue for the absent: both sides send again."""

    def __init__(self, host: str, port: int) -> None:
        logging.getLogger("amqtt").setLevel(logging.ERROR)
        logging.getLogger("transitions").setLevel(logging.ERROR)
        listener = {
            "type": "tcp",
            "bind": f"{host}:{port}",
            "max_connections": MAX_CONNECTIONS,
        }
        anybody = "amqtt.plugins.authentication.AnonymousAuthPlugin"
        self._config = {
            "listeners": {"default": listener},
            "plugins": {anybody: {"allow_anonymous": True}},
        }
        self._broker: Broker | None = None

    async def start(self) -> None:
        self._broker = Broker(self._config)  # it needs the running loop
        await self._broker.start()

    async def stop(self) -> None:
        if self._broker is not None:
            await self._broker.shutdown()
