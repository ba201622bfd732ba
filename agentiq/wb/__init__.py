"""
All that is known of Wildberries: URLs, wire names, limits, quirks.

``records`` is what crosses the border and ``errors`` is what may go wrong, named
by what to do next. ``limits`` holds WB's published limits. ``wire`` reads JSON,
``transport`` makes one call, and one module for each host (``chat``, ``prices``,
``finance`` …) turns calls into records. ``client`` joins them into WbClient.
``simulator`` answers the same URLs from memory, with faults.
"""
