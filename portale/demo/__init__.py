"""The example cycle of the demo: loaded, recognised and taken away as a whole.

Everything that it makes hangs from a row with ``esempio`` set: the percorso (with its stages,
meetings and registrations), the people with an account, the venues, the referents and the offers
of help. Nothing of it is ever loaded in production.
"""
