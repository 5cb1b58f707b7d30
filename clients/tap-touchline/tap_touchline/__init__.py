"""A Singer tap for Touchline."""
