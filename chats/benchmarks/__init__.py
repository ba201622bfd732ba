"""Measurements of the product, one module each; ``manage.py bench NAME`` runs one."""
