"""What the languages of SIEMs share of reading a detection's statement."""

from collections.abc import Iterator

from sqlglot import exp


def conjuncts(tree: exp.Expr | None) -> Iterator[exp.Expr]:
    """The conditions that all have to hold."""
    if isinstance(tree, exp.Where | exp.Having | exp.Paren):
        yield from conjuncts(tree.this)
    elif isinstance(tree, exp.And):
        yield from conjuncts(tree.this)
        yield from conjuncts(tree.expression)
    elif tree is not None:
        yield tree
