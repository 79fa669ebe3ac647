"""What both vendors' endpoints have in common: contracts, HTTP, validation. Knows no vendor."""
