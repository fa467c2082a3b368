"""The admin edge: what people and their programs edit, publish and read, each feature in a folder."""
