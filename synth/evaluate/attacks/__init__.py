"""Attacks on the people whom a population was learned from, one a file.

`singling_out`, `linkability` and `inference` follow M. Giomi, F. Boenisch, C. Wehmeyer,
B. Tasnádi, "A unified framework for quantifying privacy risk in synthetic data" (PETS 2023): each
is tried on people who were learned from and, as a control, on people who were not; `rate` has what
they share. `membership` and `shadows` ask who was learned from at all.
"""
