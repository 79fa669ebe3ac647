"""How fast the mock is, beside a bare application and beside other mock servers."""
