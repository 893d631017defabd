"""What is made from include/conclave.h: bindings, baselines of the ABI, and the reference in two forms."""
