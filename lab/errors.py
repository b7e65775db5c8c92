"""Errors that the command line prints as one message, without a traceback. Lab only; nothing in it reaches a site."""
from __future__ import annotations


class LabError(Exception):
    pass
