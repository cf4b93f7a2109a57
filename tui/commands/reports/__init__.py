"""Printed reports of what was traded, from the journal alone or with prices of markets.

`cli`       the commands as the shell gives them
`record`    what the journal says, read while an engine may write it
`asked`     account, span of time and form that every report takes
`table`     rows for people;  `written`  the same rows as CSV and JSON
`orders`, `fills`, `positions`, `profit`, `lots`   one report each
`prices`    what markets cost, now and at the ends of periods
`curves`    pictures of a profit
`ledger`, `kept`   double entry of an account, and the entries that were imported
"""
