"""Pages that put several apps together, and those that belong to the site as a whole."""
