"""Research methods: frame in, frame out. They know no rules and no law."""
