"""What people call well-known assets, for search and for the names of markets.

Venues list codes only. A code that is not here is its own name.
"""

from __future__ import annotations

from typing import Final

NAMES: Final = {
    "AAVE": "Aave",
    "ADA": "Cardano",
    "ALGO": "Algorand",
    "APT": "Aptos",
    "ARB": "Arbitrum",
    "ATOM": "Cosmos",
    "AUD": "Australian Dollar",
    "AVAX": "Avalanche",
    "BCH": "Bitcoin Cash",
    "BNB": "Binance Coin",
    "BRL": "Brazilian Real",
    "BTC": "Bitcoin",
    "CAD": "Canadian Dollar",
    "CHF": "Swiss Franc",
    "COMP": "Compound",
    "CRV": "Curve",
    "DAI": "Dai",
    "DASH": "Dash",
    "DOGE": "Dogecoin",
    "DOT": "Polkadot",
    "EOS": "EOS",
    "ETC": "Ethereum Classic",
    "ETH": "Ethereum",
    "EUR": "Euro",
    "FDUSD": "First Digital USD",
    "FET": "Fetch.ai",
    "FIL": "Filecoin",
    "FLOW": "Flow",
    "GBP": "Pound Sterling",
    "GRT": "The Graph",
    "HBAR": "Hedera",
    "ICP": "Internet Computer",
    "INJ": "Injective",
    "JPY": "Japanese Yen",
    "KSM": "Kusama",
    "LDO": "Lido",
    "LINK": "Chainlink",
    "LTC": "Litecoin",
    "MANA": "Decentraland",
    "MATIC": "Polygon",
    "MKR": "Maker",
    "NEAR": "Near",
    "OP": "Optimism",
    "PAXG": "Pax Gold",
    "PEPE": "Pepe",
    "POL": "Polygon",
    "PYUSD": "PayPal USD",
    "QTUM": "Qtum",
    "SAND": "The Sandbox",
    "SEI": "Sei",
    "SHIB": "Shiba Inu",
    "SOL": "Solana",
    "SUI": "Sui",
    "TIA": "Celestia",
    "TON": "Toncoin",
    "TRX": "Tron",
    "TRY": "Turkish Lira",
    "TUSD": "TrueUSD",
    "UNI": "Uniswap",
    "USD": "US Dollar",
    "USDC": "USD Coin",
    "USDT": "Tether",
    "WBTC": "Wrapped Bitcoin",
    "XLM": "Stellar",
    "XMR": "Monero",
    "XRP": "XRP",
    "XTZ": "Tezos",
    "ZEC": "Zcash",
}


def pair_name(base: str, quote: str) -> str:
    """`Bitcoin / US Dollar`, of `BTC` and `USD`; empty where neither has a name of its own."""
    if base not in NAMES and quote not in NAMES:
        return ""
    return f"{NAMES.get(base, base)} / {NAMES.get(quote, quote)}"
