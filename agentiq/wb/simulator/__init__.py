"""
WB answered from memory: the same URLs, shapes, limits and errors, and faults.

``world`` is what WB knows and does, ``sellers`` whose it is, ``stock`` fills a shop
with rows like those of ``examples``. A request runs through
``app`` (Simulator): the token is checked (``access``), the method's bucket is asked
(``throttle``), a planned failure may strike (``faults``), then a handler of
``routes`` answers from the world. ``server`` puts it on a
port, ``control`` lets another process tell it what happens next.

    simulator = Simulator()
    token = simulator.make_token()
    simulator.add_seller(token)
    chat_id = simulator.new_chat("Здравствуйте!")
    with serve(simulator) as running:
        WbClient(token, hosts=Hosts.all_at(running.url)).events()
"""

from agentiq.wb.simulator.app import Simulator
from agentiq.wb.simulator.control import Remote
from agentiq.wb.simulator.server import Running, serve

__all__ = ["Remote", "Running", "Simulator", "serve"]
