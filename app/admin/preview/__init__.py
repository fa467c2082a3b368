"""The draft, tried out on a visitor whom nobody has ever seen."""
