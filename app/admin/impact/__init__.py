"""What a draft would change for visitors who were here."""
