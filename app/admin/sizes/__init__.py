"""How many visitors are in segments and stages."""
