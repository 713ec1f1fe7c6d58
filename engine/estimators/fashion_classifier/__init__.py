"""What a product is, told from its words, its photo and its columns."""
