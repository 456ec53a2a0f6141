"""The effect of a policy: one file a design, each answering with a Result or saying why the data allow none."""
