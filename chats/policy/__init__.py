"""
What may leave the shop, and what may be shown to anybody outside it.

``folding`` sees through disguise: look-alike letters, zero-width characters,
s p a c e d words; every match is carried back to the text as it was written.
``contacts``, ``numbers``, ``addresses`` and ``people`` know how Russians write phones,
cards, streets and names, ``tagger`` learnt it from ``training/spans`` by ``tagging``,
where ``coining`` makes up people and places; ``masking`` hides them. ``codes`` tells a promo code from a model name.
``terms`` is what the registry says of a code; ``rendering`` fills a template from
it, so a code cannot come from anywhere else; ``outbound`` checks every text before
it is sent, whoever wrote it: a template, a person or a model. It asks ``phrases``,
which knows forbidden wordings, and ``judge``, which learnt from ``training`` what the
others sound like; ``learning`` makes the judge's weights from ``frames``.
"""
