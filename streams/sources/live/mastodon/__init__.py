"""Posts of Mastodon instances, by their streaming API, and by their timelines after an interruption.

============  ========================================================================================================
module        holds
============  ========================================================================================================
`source`      the live source: the streams of all instances become one
`feed`        one stream of one instance: catch up, then stream, then again
`backfill`    the pages of a timeline after an id, and the gap if there are too many
`instance`    an instance: its addresses, what it offers, its token, requests within its limit
`quota`       how many requests an instance still allows
`statuses`    how events and statuses become posts and deletions
`event_lines` events in the lines of a stream (server-sent events)
============  ========================================================================================================
"""
