"""
A shop that does not exist, for trying the loop on one machine.

``shop`` is what it sells and its codes, ``people`` who writes to it and what
(``conversations.txt``). ``seed`` puts both into the simulated WB and the database,
``history`` adds what AgentIQ would have made of ninety days. ``processes`` starts and
stops everything, ``buyers`` keep writing while it runs. The command ``demo`` tells
the story in order. Every row belongs to a seller marked ``is_demo``.
"""
