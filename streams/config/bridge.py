"""Define the section `bridge` of the config: the receivers to which alerts are delivered.

`streams.workers.receivers` describes how to add a receiver.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pydantic import Field, SecretStr

from streams.config.addresses import HttpUrl
from streams.config.base import Settings, secret

ALERTMANAGER_TOKEN_VARIABLE: Final = "FIREWATCH_ALERTMANAGER_TOKEN"  # noqa: S105  a name, not a secret
WEBHOOK_KEY_VARIABLE: Final = "FIREWATCH_WEBHOOK_KEY"
SLACK_URL_VARIABLE: Final = "FIREWATCH_SLACK_URL"
SLACK_TOKEN_VARIABLE: Final = "FIREWATCH_SLACK_TOKEN"  # noqa: S105  a name, not a secret


class ReceiverSettings(Settings):
    """Base of the receivers' sections: the key of a section of this kind in `BridgeSettings` is a receiver's name."""


class AlertmanagerSettings(ReceiverSettings):
    """Delivery of alerts to Alertmanager, by `firewatch bridge alertmanager`."""

    urls: list[HttpUrl] = Field(
        default=["http://127.0.0.1:9093"],
        min_length=1,
        max_length=10,
        description="Base addresses of Alertmanager; list all members of a cluster, since each must receive every "
        "alert.",
    )
    resend_seconds: float = Field(
        default=60,
        ge=1,
        le=3_600,
        description="Seconds between two deliveries of an alert that is still firing; after four times this without "
        "one, Alertmanager resolves it.",
    )
    token_file: Path | None = Field(
        default=None,
        description=f"File with a bearer token; the environment variable {ALERTMANAGER_TOKEN_VARIABLE} can hold it "
        "instead.",
    )

    def token(self) -> SecretStr | None:
        """Return the bearer token from the environment or from its file."""
        return secret(ALERTMANAGER_TOKEN_VARIABLE, self.token_file, "bridge.alertmanager.token_file", is_line=True)


class WebhookSettings(ReceiverSettings):
    """Delivery of alerts to a webhook, by `firewatch bridge webhook`."""

    url: HttpUrl | None = Field(default=None, description="Address to which each step of an incident is posted.")
    signing_key_file: Path | None = Field(
        default=None,
        description=f"File with the signing key (whsec_...); the environment variable {WEBHOOK_KEY_VARIABLE} can hold "
        "it instead.",
    )

    def signing_key(self) -> SecretStr | None:
        """Return the signing key from the environment or from its file; there may be several, on lines of their own."""
        return secret(WEBHOOK_KEY_VARIABLE, self.signing_key_file, "bridge.webhook.signing_key_file")


class SlackSettings(ReceiverSettings):
    """Delivery of alerts to Slack, by `firewatch bridge slack`: a thread an incident with the token of an app, or a
    message a step through an incoming webhook."""

    channel: str | None = Field(
        default=None,
        pattern="^[CGD][A-Z0-9]{2,}$",
        description="Id of the channel for the threads, such as C0123456789 (at the bottom of the channel's details); "
        "required with a token.",
    )
    token_file: Path | None = Field(
        default=None,
        description="File with the app's bot token (xoxb-...), which has the scopes chat:write and channels:history, "
        f"for a private channel groups:history; the environment variable {SLACK_TOKEN_VARIABLE} can hold it instead.",
    )
    api_url: HttpUrl = Field(
        default="https://slack.com/api",
        description="Base address of Slack's Web API; GovSlack has https://slack-gov.com/api.",
    )
    url_file: Path | None = Field(
        default=None,
        description="File with the secret address of the incoming webhook, in place of a token; the environment "
        f"variable {SLACK_URL_VARIABLE} can hold it instead.",
    )

    def url(self) -> SecretStr | None:
        """Return the address of the incoming webhook from the environment or from its file."""
        return secret(SLACK_URL_VARIABLE, self.url_file, "bridge.slack.url_file", is_line=True)

    def token(self) -> SecretStr | None:
        """Return the app's bot token from the environment or from its file."""
        return secret(SLACK_TOKEN_VARIABLE, self.token_file, "bridge.slack.token_file", is_line=True)


class BridgeSettings(Settings):
    """Delivery of alerts to receivers outside Kafka."""

    send_suppressed: bool = Field(
        default=False,
        description="Deliver suppressed alerts too, which must not page; their field `suppressed` has the reason.",
    )
    timeout_seconds: float = Field(
        default=10,
        gt=0,
        le=120,
        description="Seconds within which a receiver must answer; otherwise the delivery has failed and is tried "
        "again.",
    )
    retry_hours: float = Field(
        default=24,
        gt=0,
        le=8_760,
        description="Hours for which a delivery is tried again before the step goes to the dead letter queue.",
    )
    forget_after_hours: float = Field(
        default=168, gt=0, le=87_600, description="Hours without any step after which an incident counts as over."
    )
    alertmanager: AlertmanagerSettings = AlertmanagerSettings()
    webhook: WebhookSettings = WebhookSettings()
    slack: SlackSettings = SlackSettings()


def receiver_names() -> tuple[str, ...]:
    """Return the names of the receivers, which are the keys of their sections.

    >>> "slack" in receiver_names()
    True
    """
    return tuple(
        name for name, field in BridgeSettings.model_fields.items() if isinstance(field.default, ReceiverSettings)
    )
