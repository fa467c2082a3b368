"""Results: what units did, summed by arm, compared, and put into words for people."""
