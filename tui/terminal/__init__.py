"""The terminal at the other end: what leaves for it, what comes in, what the link can take.

`outlet` sends without waiting, `driver` puts it under Textual, `present` draws the newest picture
once earlier ones have left; `intake` cleans what comes in; `probe`, `link_weather` and `bandwidth`
measure the link and choose how much is sent; `tier_control` makes it so.
"""
