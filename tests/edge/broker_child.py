"""A real MQTT broker in a process of its own: `broker_child.py PORT`; prints a line when ready."""

import asyncio
import logging
import sys

from amqtt.broker import Broker


async def serve(port: int) -> None:
    listener = {"type": "tcp", "bind": f"127.0.0.1:{port}"}
    anonymous = {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}
    broker = Broker({"listeners": {"default": listener}, "plugins": anonymous})
    await broker.start()
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    asyncio.run(serve(int(sys.argv[1])))
