"""Whom alerts are passed on to: the config's section `bridge`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from streams.config.base import Settings
from streams.config.sections import secret

ALERTMANAGER_TOKEN_VARIABLE: Final = "FIREWATCH_ALERTMANAGER_TOKEN"  # noqa: S105  a name, not a secret
WEBHOOK_KEY_VARIABLE: Final = "FIREWATCH_WEBHOOK_KEY"
SLACK_URL_VARIABLE: Final = "FIREWATCH_SLACK_URL"


def _http_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be a URL that begins with http:// or https:// and names a host")
    if parts.username or parts.password:
        raise ValueError("must hold no credentials: this file is no place for secrets")
    return url


HttpUrl = Annotated[str, AfterValidator(_http_url)]


class AlertmanagerSettings(Settings):
    """`firewatch bridge alertmanager`."""

    urls: list[HttpUrl] = Field(
        default=["http://127.0.0.1:9093"],
        min_length=1,
        max_length=10,
        description="Base addresses; all of a cluster, as each must hear of every alert",
    )
    resend_seconds: float = Field(
        default=60,
        ge=1,
        le=3_600,
        description="How often it is told what is still firing; without news for four times this it takes it for over",
    )
    token_file: Path | None = Field(
        default=None, description=f"File with a bearer token; or set {ALERTMANAGER_TOKEN_VARIABLE}"
    )

    def token(self) -> SecretStr | None:
        """The bearer token from the environment or from its file."""
        return secret(ALERTMANAGER_TOKEN_VARIABLE, self.token_file, "bridge.alertmanager.token_file")


class WebhookSettings(Settings):
    """`firewatch bridge webhook`."""

    url: HttpUrl | None = Field(default=None, description="Where each step is posted")
    signing_key_file: Path | None = Field(
        default=None, description=f"File with the key that signs, whsec_...; or set {WEBHOOK_KEY_VARIABLE}"
    )

    def signing_key(self) -> SecretStr | None:
        """The key from the environment or from its file."""
        return secret(WEBHOOK_KEY_VARIABLE, self.signing_key_file, "bridge.webhook.signing_key_file")


class SlackSettings(Settings):
    """`firewatch bridge slack`."""

    url_file: Path | None = Field(
        default=None,
        description=f"File with the address of the incoming webhook, a secret; or set {SLACK_URL_VARIABLE}",
    )

    def url(self) -> SecretStr | None:
        """The address from the environment or from its file."""
        return secret(SLACK_URL_VARIABLE, self.url_file, "bridge.slack.url_file")


class BridgeSettings(Settings):
    """Alerts to receivers outside Kafka."""

    send_suppressed: bool = Field(
        default=False, description="Also send what must page nobody; it carries the reason in `suppressed`"
    )
    timeout_seconds: float = Field(
        default=10, gt=0, le=120, description="A receiver that does not answer so long fails"
    )
    retry_hours: float = Field(
        default=24, gt=0, description="A step that a webhook has not taken for so long goes to the dead letter queue"
    )
    forget_after_hours: float = Field(
        default=168, gt=0, description="An incident without any step for so long is taken for over"
    )
    alertmanager: AlertmanagerSettings = AlertmanagerSettings()
    webhook: WebhookSettings = WebhookSettings()
    slack: SlackSettings = SlackSettings()
