"""Where the keys of accounts are kept, and how they are found.

=============  =============================================  =================================
store          place                                          module
=============  =============================================  =================================
`env`          `TICKDECK_KEY_<ACCOUNT>` and its sisters       `environment`
`file`         `secrets.toml`, mode 0600                      `secrets_file`
`encrypted`    `secrets.enc`, under a passphrase              `encrypted`, its format: `sealed`
`keyring`      the system's own store                         `os_keyring`
=============  =============================================  =================================

`keys = "..."` of an account in `brokers.toml` names its store; without that the stores are asked
in the order of the table, and the first that knows the account decides. A store that holds keys
but may not be trusted with them (a file that others can read) ends the search with its reason:
going on would hide it.

A store is plain and blocking (`store.Store`); `keystore.Keystore` asks stores in threads, and is
what an engine is given. All errors are `CredentialsMissing`, and none holds a key, nor was caused
by one that does: parsers keep the text that they fail on in their errors, so these errors are
raised where no other is being handled. Libraries are imported where they are used: most decks
need none of them.
"""
