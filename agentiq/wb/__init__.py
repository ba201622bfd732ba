"""
All that is known of Wildberries: URLs, wire names, limits, quirks.

``records`` is what crosses the border and ``errors`` is what may go wrong, named
by what to do next. ``limits`` holds WB's published limits. ``wire`` reads JSON,
``transport`` makes one call and ``refusals`` names its failure; ``tokens`` reads what
a token says. One module for each part of the API (``chat``, ``calendar``, ``prices``,
``cards``, ``finance``, ``orders``, ``voices``, ``account``) turns calls into records,
and ``client`` joins them into WbClient.
``simulator`` answers the same URLs from memory, with faults.
"""
