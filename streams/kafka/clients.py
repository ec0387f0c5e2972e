"""Kafka clients made from the config: security, idempotence, bounded waits, and errors that name the broker.

Every client here is an async context manager. aiokafka only logs why it could not connect; if it can't, a connection of
our own finds the reason, so that the caller gets it.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, errors
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.client import AIOKafkaClient
from aiokafka.conn import collect_hosts, create_conn

from streams.errors import BrokerUnreachable, ConfigError, KafkaError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Iterator

    from streams.config import KafkaSettings

MAX_RECORD_BYTES: Final = 1_048_576
"""Largest request of a producer: below Kafka's default `message.max.bytes` of 1,048,588."""

_BATCH_BYTES: Final = 262_144
_LINGER_MS: Final = 5

DELIVERY_FACTOR: Final = 3
"""Request timeouts until a delivery counts as failed; Kafka's own defaults amount to 4 (120 s to 30 s)."""

METADATA_MS: Final = 10_000
"""Longest time until a group notices that partitions were added or removed. A leader that was elected while its client
knew no topics, as just after an outage, assigns no partitions until then; the default is five minutes."""

# Commands configure no logging: Python then prints what aiokafka logs beside the message of the error that we raise.
logging.getLogger("aiokafka").addHandler(logging.NullHandler())

_STOP_SECONDS: Final = 5.0

_NO_ANSWER: Final = (
    errors.KafkaConnectionError,
    errors.KafkaTimeoutError,
    errors.NodeNotReadyError,
    errors.NoBrokersAvailable,
    errors.RequestTimedOutError,
    errors.CorrelationIdError,
)
REFUSED_LOGIN: Final = (
    errors.SaslAuthenticationFailed,
    errors.AuthenticationFailedError,
    errors.UnsupportedSaslMechanismError,
    errors.IllegalSaslStateError,
)
"""Errors of a client whose name or password is refused."""
NOT_ALLOWED: Final = (
    errors.TopicAuthorizationFailedError,
    errors.GroupAuthorizationFailedError,
    errors.ClusterAuthorizationFailedError,
    errors.TransactionalIdAuthorizationFailed,
)
"""Errors of a client that lacks a permission."""


def ssl_context(settings: KafkaSettings) -> ssl.SSLContext | None:
    """Return TLS as configured, with the broker's host name checked; None without TLS.

    Raises
    ------
    ConfigError
        If a certificate or key can't be loaded.
    """
    if not settings.tls:
        return None
    try:
        context = ssl.create_default_context(cafile=str(settings.ca_file) if settings.ca_file else None)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError([f"{settings.section}.ca_file: {settings.ca_file} can't be loaded ({error})"]) from error
    if settings.certificate_file:
        try:
            context.load_cert_chain(settings.certificate_file, settings.key_file)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(
                [
                    f"{settings.section}.certificate_file, {settings.section}.key_file: {settings.certificate_file} "
                    f"can't be loaded ({error})"
                ]
            ) from error
    return context


def connection_options(settings: KafkaSettings) -> dict[str, Any]:
    """Return the arguments that all clients of aiokafka take.

    Raises
    ------
    ConfigError
        If an address can't be parsed, SASL has no password, or a certificate can't be loaded.
    """
    _hosts(settings)
    options: dict[str, Any] = {
        "client_id": settings.client_id,
        "request_timeout_ms": round(settings.request_timeout_seconds * 1000),
        "security_protocol": settings.security_protocol,
        "ssl_context": ssl_context(settings),
    }
    if settings.sasl:
        password = settings.password()
        if password is None:
            raise ConfigError(
                [
                    f"{settings.section}.security_protocol {settings.security_protocol} needs a password: "
                    f"{settings.password_place}"
                ]
            )
        options |= {
            "sasl_mechanism": settings.sasl_mechanism,
            "sasl_plain_username": settings.sasl_username,
            "sasl_plain_password": password.get_secret_value(),
        }
    return options


async def check_reachable(settings: KafkaSettings) -> None:
    """Connect to one of the bootstrap servers, log in, and disconnect.

    Raises
    ------
    BrokerUnreachable
        If none answers.
    KafkaError
        If one answers, but refuses TLS or the login.
    ConfigError
        If an address can't be parsed.
    """
    options = connection_options(settings)
    problems = []
    for host, port, _ in _hosts(settings):
        try:
            connection = await create_conn(host, port, **options)
        except ssl.SSLError as error:
            raise KafkaError(
                f"TLS with the Kafka broker {host}:{port} failed ({_reason(error)}): "
                f"check {settings.section}.ca_file, {settings.section}.certificate_file, and that the broker expects "
                "TLS on this port"
            ) from error
        except REFUSED_LOGIN as error:
            raise KafkaError(
                f"the Kafka broker {host}:{port} refuses the login of {settings.sasl_username!r} by "
                f"{settings.sasl_mechanism} ({error}): check {settings.section}.sasl_username, "
                f"{settings.section}.sasl_mechanism and the password"
            ) from error
        except TimeoutError:
            problems.append(f"{host}:{port}: no answer within {settings.request_timeout_seconds:g} s")
        except ConnectionRefusedError:
            problems.append(f"{host}:{port}: connection refused")
        except (OSError, errors.KafkaError) as error:
            problems.append(f"{host}:{port}: {str(error) or type(error).__name__}{_hint(settings, error)}")
        else:
            await connection.close()
            return
    raise BrokerUnreachable(settings.bootstrap_servers, "; ".join(problems))


def _hosts(settings: KafkaSettings) -> list[tuple[str, int, Any]]:
    try:
        hosts: list[tuple[str, int, Any]] = collect_hosts(settings.bootstrap_servers)
    except ValueError as error:
        raise ConfigError(
            [f"{settings.section}.bootstrap_servers: must be host:port, separated by commas ({error})"]
        ) from error
    return hosts


def _reason(error: ssl.SSLError) -> str:
    """Return what is wrong with the certificate, such as the host name it is for, or else the error."""
    reason = getattr(error, "verify_message", None) or error.reason or error
    return str(reason).rstrip(".")


def _hint(settings: KafkaSettings, error: Exception) -> str:
    """Return a hint on client certificates: with TLS 1.3 a broker refuses one by disconnecting after the handshake."""
    if settings.security_protocol != "SSL" or not isinstance(error, errors.KafkaConnectionError):
        return ""
    if settings.certificate_file is None:
        return f", maybe because it asks for a certificate: see {settings.section}.certificate_file"
    return f", maybe because it does not take the certificate {settings.certificate_file}"


@contextmanager
def translated_errors(settings: KafkaSettings, doing: str) -> Iterator[None]:
    """Translate the errors that aiokafka raises in the body into those of firewatch.

    A `TimeoutError` is left as it is: aiokafka has its own errors for a broker that does not answer, so it comes from
    elsewhere. Use `answered_within` to give the body a deadline.

    Parameters
    ----------
    settings
        The address of the broker, for messages.
    doing
        What the body does, such as ``committing offsets``.
    """
    try:
        yield
    except errors.KafkaError as error:
        raise translated(settings, doing, error) from error


def translated(settings: KafkaSettings, doing: str, error: errors.KafkaError) -> KafkaError:
    """Return the error of firewatch for one of aiokafka; parameters as of `translated_errors`."""
    cause = error.__cause__ if isinstance(error.__cause__, _NO_ANSWER) else error  # raised again as the bare class
    if isinstance(cause, _NO_ANSWER):
        return BrokerUnreachable(settings.bootstrap_servers, f"{doing}: {str(cause) or 'no answer in time'}")
    if isinstance(error, NOT_ALLOWED):
        return KafkaError(
            f"{doing}: Kafka does not allow this to {settings.user} ({error}): "
            "`firewatch acls` prints the ACLs to grant"
        )
    if isinstance(error, errors.UnknownTopicOrPartitionError):
        return KafkaError(f"{doing}: the topic does not exist (any more): run `firewatch topics`")
    return KafkaError(f"{doing}: {error}")


@asynccontextmanager
async def answered_within(settings: KafkaSettings, doing: str, request_timeouts: int = 1) -> AsyncIterator[None]:
    """Translate errors as `translated_errors` does, and give the broker a deadline.

    Parameters
    ----------
    settings, doing
        As for `translated_errors`.
    request_timeouts
        The deadline as a multiple of ``request_timeout_seconds``.

    Raises
    ------
    BrokerUnreachable
        If the body takes longer.
    """
    deadline = asyncio.timeout(request_timeouts * settings.request_timeout_seconds)
    with translated_errors(settings, doing):
        try:
            async with deadline:
                yield
        except TimeoutError as error:
            if not deadline.expired():
                raise
            raise BrokerUnreachable(settings.bootstrap_servers, f"{doing}: no answer in time") from error


class _Producer(AIOKafkaProducer):  # type: ignore[misc]  # aiokafka is published without types
    """A producer that raises `BrokerUnreachable` where aiokafka raises other errors for it."""

    def __init__(self, settings: KafkaSettings, **options: Any) -> None:
        super().__init__(bootstrap_servers=settings.bootstrap_servers, **options)
        self._servers = settings.bootstrap_servers

    async def send(self, topic: str, *arguments: Any, **options: Any) -> Any:
        try:
            return await super().send(topic, *arguments, **options)
        except errors.UnknownTopicOrPartitionError as error:  # no broker had metadata of it within a request timeout
            raise BrokerUnreachable(self._servers, f"no broker has {topic}") from error
        except _NO_ANSWER as error:
            raise BrokerUnreachable(self._servers, f"sending to {topic}: {error}") from error


@asynccontextmanager
async def producer(settings: KafkaSettings, transactional_id: str | None = None) -> AsyncIterator[AIOKafkaProducer]:
    """Yield a started producer: idempotent, ``acks=all``.

    When the body raises, records that are still queued are dropped rather than sent after the failure.

    Parameters
    ----------
    settings
        Address, security and timeouts.
    transactional_id
        Makes it send in transactions, and shuts out all earlier producers with the same ID.
    """
    client = _Producer(
        settings,
        enable_idempotence=True,
        transactional_id=transactional_id,
        acks="all",
        max_batch_size=_BATCH_BYTES,
        max_request_size=MAX_RECORD_BYTES,
        linger_ms=_LINGER_MS,
        **connection_options(settings),
    )
    try:
        identity = f" with transactional id {transactional_id}" if transactional_id else ""
        await _start(client.start, settings, f"connecting{identity}")
        yield client
    except BaseException:
        await _abandon(client)
        raise
    finally:
        await _stop(client.stop())


async def _abandon(client: AIOKafkaProducer) -> None:
    """Make `stop` return at once: an idempotent producer of aiokafka retries for ever, also while it stops."""
    sending = client._sender.sender_task  # noqa: SLF001  there is no public way to abort
    if sending is not None:
        sending.cancel()  # makes it wait for the requests in flight ...
        await asyncio.sleep(0)
        sending.cancel()  # ... which may take as long as they like
        await asyncio.wait([sending], timeout=_STOP_SECONDS)


async def acknowledged(settings: KafkaSettings, sends: Iterable[Awaitable[Any]], doing: str) -> None:
    """Wait until the broker has acknowledged what ``await producer.send(...)`` returned.

    Raises
    ------
    KafkaError
        If it refuses one, or does not answer within three times ``request_timeout_seconds``.
    """
    async with answered_within(settings, doing, DELIVERY_FACTOR):
        await asyncio.gather(*sends)


@asynccontextmanager
async def consumer(settings: KafkaSettings, group: str | None, **options: Any) -> AsyncIterator[AIOKafkaConsumer]:
    """Yield a started consumer without a subscription; it commits only on request, and never skips records."""
    client = AIOKafkaConsumer(
        bootstrap_servers=settings.bootstrap_servers,
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="none",
        metadata_max_age_ms=METADATA_MS,
        **options,
        **connection_options(settings),
    )
    try:
        await _start(client.start, settings)
        yield client
    finally:
        await _stop(client.stop())


@asynccontextmanager
async def admin(settings: KafkaSettings) -> AsyncIterator[AIOKafkaAdminClient]:
    """Yield a started admin client."""
    client = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap_servers, **connection_options(settings))
    try:
        await _start(client.start, settings)
        yield client
    finally:
        await _stop(client.close())


@asynccontextmanager
async def raw_client(settings: KafkaSettings) -> AsyncIterator[AIOKafkaClient]:
    """Yield a client for requests that aiokafka has no method for."""
    client = AIOKafkaClient(bootstrap_servers=settings.bootstrap_servers, **connection_options(settings))
    try:
        await _start(client.bootstrap, settings)
        yield client
    finally:
        await _stop(client.close())


async def _start(start: Callable[[], Awaitable[None]], settings: KafkaSettings, doing: str = "connecting") -> None:
    """Start a client; if it can't connect, raise the reason."""
    started = time.monotonic()
    try:
        async with answered_within(settings, doing, DELIVERY_FACTOR):
            await start()
    except BrokerUnreachable as error:
        waited = time.monotonic() - started
        if waited >= settings.request_timeout_seconds:  # the reason is known: there was no answer
            reason = f"{doing}: no answer within {waited:.0f} s"
            raise BrokerUnreachable(settings.bootstrap_servers, reason) from error
        await check_reachable(settings)
        raise


async def _stop(stopping: Coroutine[Any, Any, None]) -> None:
    # A consumer without a broker stops by raising the cancellation of one of its own tasks, which is not ours.
    task = asyncio.create_task(stopping)
    done, _ = await asyncio.wait({task}, timeout=_STOP_SECONDS)
    if not done:
        task.cancel()
    elif not task.cancelled():
        task.result()
