"""The embedded exchange: a price-time matching engine with seeded order flow."""
