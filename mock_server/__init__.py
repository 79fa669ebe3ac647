"""A stateful mock of two vendors' historical-data endpoints, which behaves by the contracts under
`openapi/`.
"""
