"""
What may be offered, at what price, and what it leaves: plain values in, verdicts out.

A seller writes down the terms of a code (``terms``), in Moscow days (``days``),
within what WB allows (``limits``) and with a readable name (``naming``) for the
articles they paste (``scope``). Time alone moves a code from planned to expired
(``status``). For a chat the buyer's price is worked out (``pricing``), then what
the seller keeps of it (``margin``) and what is left of the money set aside
(``budgets``); every reason against a code is listed (``eligibility``) and one
code is chosen (``choice``). Ahead of time the ten slots are planned (``slots``).

Nothing here reads a clock, a row or a setting: all of it arrives as arguments.
"""
