"""The LiveRig backlog sync endpoint (facts L1 to L18)."""
