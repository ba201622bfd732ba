"""
The operator's desk.

``pages`` shows the list and a chat, ``acts`` answers buyers, ``work`` sorts chats
among colleagues, ``watch`` keeps open desks fresh, ``files`` passes attachments on.
"""
