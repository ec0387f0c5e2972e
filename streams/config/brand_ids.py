"""Name the brand that an unknown id was probably meant to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.config.suggestions import did_you_mean, shortened

if TYPE_CHECKING:
    from collections.abc import Mapping


def no_such_brand(brand: str, brands: Mapping[str, str]) -> str:
    """Return the problem with an id that no brand has.

    Parameters
    ----------
    brand
        The id that was given.
    brands
        Name of each brand of the config, by its id.

    Examples
    --------
    >>> brands = {"nordtel": "Nordtel", "us-airways": "US Airways"}
    >>> for given in ("nordtl", "US airways", "acme"):
    ...     print(no_such_brand(given, brands))
    the config has no brand 'nordtl'; did you mean nordtel?
    the config has no brand 'US airways'; did you mean us-airways?
    the config has no brand 'acme'; it has nordtel, us-airways
    """
    named = next((id for id, name in brands.items() if name.casefold() == brand.casefold()), None)
    hint = f"; did you mean {named}?" if named else did_you_mean(brand, brands)
    return f"the config has no brand {brand!r}{hint or f'; it has {shortened(brands, 10)}'}"
