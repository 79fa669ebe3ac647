"""The Nortech historical data endpoint (facts N1 to N15), and the data files it names."""
