"""Diagnosis: from evidence to causes to hints. Pure functions; no Azure SDK and no Django.

Imports nothing: a worker whose secret can be read needs neither the catalog of causes nor its memory.
"""
