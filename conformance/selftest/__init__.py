"""The proof of the suite: servers with one deliberate fault each, and correct ones that use their freedoms.

A variant is the mock behind a small gateway with a defect. What the defects do is written without any of the
suite's own code for cases and judgements, so that a fault in one cannot hide in the other.
"""
