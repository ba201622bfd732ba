"""
The REST API of the promo side, a module for each thing it is about.

``codes`` (register, change, stop) → ``analytics`` (what went out with them); beside
them the ``shop``'s catalogue, its ``alerts``, ``hooks`` for other systems, and the
``documents`` that describe it all. Every view is a promos.endpoint.Endpoint.
"""
