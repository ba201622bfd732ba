"""
The REST API of the chat side.

``conversations`` (what was said) → ``suggested`` (what is proposed, and decided) →
both queue a reply through ``acts``; ``shop`` tells how it all goes.
"""
