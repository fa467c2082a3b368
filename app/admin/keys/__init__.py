"""The keys of a site: who may ask, and what they may do."""
