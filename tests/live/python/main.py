"""PyPI's signalrcore on a leash: a line of JSON on stdin is an order, a line of JSON on stdout is what came of it.

The orders and events are those of tests/live/program.mjs. Nothing is decided here: the scenes are played there, the same ones for every language.
"""

import base64
import json
import logging
import sys
import threading

from signalrcore.hub_connection_builder import HubConnectionBuilder
from signalrcore.types import HttpTransportType, HubProtocolEncoding

TRANSPORTS = {
    "WebSockets": HttpTransportType.web_sockets,
    "ServerSentEvents": HttpTransportType.server_sent_events,
    "LongPolling": HttpTransportType.long_polling,
}
PROTOCOLS = {"json": HubProtocolEncoding.text, "messagepack": HubProtocolEncoding.binary}

connections = {}
out = threading.Lock()


def to_line(value):
    """Bytes of MessagePack as {"bin": base64}; times have no other text than their own."""
    return {"bin": base64.b64encode(value).decode()} if isinstance(value, bytes) else str(value)


def from_line(value):
    return base64.b64decode(value["bin"]) if isinstance(value, dict) and list(value) == ["bin"] else value


def say(number, event, **more):
    with out:
        print(json.dumps({"id": number, "event": event, **more}, default=to_line), flush=True)


def build(number, order):
    options = {"transport": TRANSPORTS[order["transport"]], "skip_negotiation": order["skipNegotiation"]}
    connection = (
        HubConnectionBuilder()
        .with_url(order["url"], options=options)
        .configure_logging(logging.CRITICAL)
        .with_hub_protocol(PROTOCOLS[order["protocol"]])
        .build()
    )
    for name in order["callbacks"]:
        connection.on(name, lambda args, name=name: say(number, "callback", name=name, args=args))
    connection.on_open(lambda: say(number, "opened", connectionId=None))
    connection.on_close(lambda: say(number, "closed", error=None))
    # A completion with an error comes here, not to the one who called.
    connection.on_error(lambda m: say(number, "error", call=int(m.invocation_id), error=m.error))
    return connection


def open_connection(number, order):
    """A second order for the same id makes a new connection."""
    try:
        connections[number] = build(number, order)
        connections[number].start()
    except Exception as error:  # whatever this client throws at a server that is not there
        say(number, "failed", error=f"{type(error).__name__}: {error}")


def invoke(number, order):
    call = order["call"]
    try:
        connections[number].invoke(
            order["method"],
            [from_line(a) for a in order["args"]],
            on_invocation=lambda m: say(number, "result", call=call, value=m.result),
            invocation_id=str(call),
        )
    except Exception as error:
        say(number, "error", call=call, error=f"{type(error).__name__}: {error}")


def stop(number):
    connections[number].stop()
    say(number, "stopped")


def main():
    for line in sys.stdin:
        order = json.loads(line)
        number = order["id"]
        if order["do"] == "open":
            open_connection(number, order)
        elif order["do"] == "invoke":
            invoke(number, order)
        elif order["do"] == "stop":
            # It waits for the thread that reads, which may be in a poll: the other connections must not wait as well.
            threading.Thread(target=stop, args=(number,), daemon=True).start()


main()
