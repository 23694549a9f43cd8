"""Privacy that is promised: differential privacy, k-anonymity, and what was spent on them.

``accounting`` turns (ε, δ) into a budget and back, ``noise`` draws from the operating system's
randomness, ``ledger`` writes down what was measured. ``domains`` says which values a column may
have, ``estimation`` turns noisy counts into a distribution, ``selection`` chooses what to count.
``risk``, ``hierarchy`` and ``mondrian`` are about tables of real people: how many share their
traits, and coarser values until enough do.
"""
