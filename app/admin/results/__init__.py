"""Results of experiments, over HTTP."""
