"""Order mode: what is staged, how it is said and drawn, and when it may be sent.

`desk` takes the keys, `staging` and `ticket` hold what is staged, `lines` draw it on the chart.
"""
