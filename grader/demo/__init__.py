"""A made-up class for each problem set that has a `<problem set>.toml` here."""
