"""Second opinions on the languages we convert to: each says what a text means by its vendor's own pages."""
