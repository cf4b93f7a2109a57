"""Order mode: what is staged, how it is said and drawn, and when it may be sent.

`desk` takes the keys: it is a `term_keys`, which is a `ticket`, which is a `slate`, each with
keys of its own; `exits` and `arming` ask before they do anything. `staging` is what an intent
is, `sizing` how large it may be, `preview` what would come of it, `guarded` whether the engine
would take it; `terms` are its words, `lines` draw it on the chart, `news` tell what became of it.
"""
