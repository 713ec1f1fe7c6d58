"""Parts of the page Data: tables, quarantine, snapshots, feeds, forgetting."""
