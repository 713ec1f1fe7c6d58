"""Parts of the pages that browse the registry: list, version, timeline, comparison, experiments."""
