"""The embedded MQTT broker (amqtt, 3.1.1): nothing to install, and nothing relies on its memory."""

import logging

from amqtt.broker import Broker

MAX_CONNECTIONS = 500


class EmbeddedBroker:
    """Loopback by default. It keeps no queue for the absent: both sides send again."""

    def __init__(self, host: str, port: int) -> None:
        logging.getLogger("amqtt").setLevel(logging.ERROR)
        logging.getLogger("transitions").setLevel(logging.ERROR)
        self._broker = Broker(
            {
                "listeners": {
                    "default": {
                        "type": "tcp",
                        "bind": f"{host}:{port}",
                        "max_connections": MAX_CONNECTIONS,
                    }
                },
                "plugins": {
                    "amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}
                },
            }
        )

    async def start(self) -> None:
        await self._broker.start()

    async def stop(self) -> None:
        await self._broker.shutdown()
