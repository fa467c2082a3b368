"""Signpost: what should each placement show to this visitor?"""
