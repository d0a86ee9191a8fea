"""Models put together of trained ones: a generator, a classifier, and a prior of codes."""
