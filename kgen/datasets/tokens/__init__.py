"""Sequences of tokens, int32 (n, length): texts, a grammar, what an oracle draws."""
