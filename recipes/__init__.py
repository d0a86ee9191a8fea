"""kgen's recipes, one runnable, documented training run a file; see `kgen.recipe`.

They are installed as the package `kgen_recipes`; `kgen list` shows them.
"""
