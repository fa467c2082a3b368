"""Proof by simulation that the statistics keep what they promise: every figure stands beside its band."""
