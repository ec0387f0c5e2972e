"""The kind `feeds`: entries of RSS, Atom and JSON feeds.

`document` reads a feed and `entry` makes posts of its entries; `memory` knows which of them were there before;
`polling` decides what an answer means for a feed, and `source` asks for each feed in its turn.
"""
