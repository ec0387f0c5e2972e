"""Slack: a thread for each incident with an app's token, or a message for each step through an incoming webhook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from streams.config import SLACK_TOKEN_VARIABLE, SLACK_URL_VARIABLE
from streams.errors import ConfigError
from streams.kafka.names import bridge_name, group_of
from streams.workers.receivers.http_client import check_url
from streams.workers.receivers.slack.incoming_webhook import IncomingWebhookSender
from streams.workers.receivers.slack.message import MessageFormat
from streams.workers.receivers.slack.thread_sender import ThreadSender
from streams.workers.receivers.slack.web_api import WebApi

if TYPE_CHECKING:
    from streams.config import Config
    from streams.workers.receivers.base import Sender


def sender(config: Config) -> Sender[Any]:
    """Return a sender to the channel or to the incoming webhook of `bridge.slack`.

    Raises
    ------
    ConfigError
        If both or neither of them is set, or if one is incomplete or invalid.
    """
    slack = config.bridge.slack
    url, token = slack.url(), slack.token()
    if url is not None and token is not None:
        raise ConfigError(
            [
                "bridge.slack: there are a token and the address of an incoming webhook; remove one of "
                f"bridge.slack.token_file ({SLACK_TOKEN_VARIABLE}) and bridge.slack.url_file ({SLACK_URL_VARIABLE})"
            ]
        )
    names, alerts = {brand.id: brand.name for brand in config.brands}, config.alerts
    form = MessageFormat(names, alerts.timezone, include_texts=alerts.include_texts)
    if token is not None:
        if slack.channel is None:
            raise ConfigError(["bridge.slack.channel: a token needs the id of the channel, such as C0123456789"])
        api = WebApi(slack.api_url, token.get_secret_value(), slack.channel)
        return ThreadSender(config, api, form, group_of(bridge_name("slack"), config.topics))
    if url is not None:
        address = check_url(url.get_secret_value(), f"bridge.slack.url_file or {SLACK_URL_VARIABLE}")
        return IncomingWebhookSender(config, address, form)
    raise ConfigError(
        [
            f"bridge.slack.token_file: name the file with the app's bot token, or set {SLACK_TOKEN_VARIABLE}; for an "
            f"incoming webhook name the file with its address in bridge.slack.url_file, or set {SLACK_URL_VARIABLE}"
        ]
    )
