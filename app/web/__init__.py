"""What both edges share: problems, keys, preconditions, paging, request ids."""
