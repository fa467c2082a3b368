"""The rulesets in force, one for each site."""
