"""Package databases, one small file each. Every one has `read(tree) -> Iterator[Found]`; `ALL` is their order of claim."""
