"""How the deck's brokers are connected to their venues, and what markets are called there."""
