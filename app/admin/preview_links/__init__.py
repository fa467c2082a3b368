"""Links by which testers see a site as somebody else, or as it will be."""
