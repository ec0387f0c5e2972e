"""Kafka clients made from the config: security, idempotence, bounded waits, and errors that name the broker.

Every client here is an async context manager. A first connection is made before aiokafka starts, because aiokafka only
logs why it could not connect; this way the caller gets the reason.
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, Final, Protocol

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, errors
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.client import AIOKafkaClient
from aiokafka.conn import collect_hosts, create_conn

from streams.config import PASSWORD_VARIABLE, KafkaSettings
from streams.errors import BrokerUnreachable, ConfigError, KafkaError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Coroutine, Iterable, Iterator

MAX_RECORD_BYTES: Final = 1_048_576
"""Largest request of a producer: below Kafka's default `message.max.bytes` of 1,048,588."""

_BATCH_BYTES: Final = 262_144
_LINGER_MS: Final = 5

DELIVERY_FACTOR: Final = 3
"""Request timeouts until a delivery counts as failed; Kafka's own defaults have 4 (120 s to 30 s)."""

METADATA_MS: Final = 10_000
"""How soon a group notices partitions that came or went, at the latest. A leader that was elected while its client knew
no topics, as just after an outage, gives nobody anything until then; by default that is five minutes."""

_STOP_SECONDS: Final = 5.0

_NO_ANSWER: Final = (
    errors.KafkaConnectionError,
    errors.KafkaTimeoutError,
    errors.NodeNotReadyError,
    errors.NoBrokersAvailable,
    errors.RequestTimedOutError,
    errors.CorrelationIdError,
)
_REFUSED_LOGIN: Final = (
    errors.SaslAuthenticationFailed,
    errors.AuthenticationFailedError,
    errors.UnsupportedSaslMechanismError,
    errors.IllegalSaslStateError,
)
_NOT_ALLOWED: Final = (
    errors.TopicAuthorizationFailedError,
    errors.GroupAuthorizationFailedError,
    errors.ClusterAuthorizationFailedError,
    errors.TransactionalIdAuthorizationFailed,
)


def ssl_context(settings: KafkaSettings) -> ssl.SSLContext | None:
    """TLS as configured, with the broker's host name checked; None without TLS.

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
        raise ConfigError([f"kafka.ca_file: {settings.ca_file} can't be loaded ({error})"]) from error
    if settings.certificate_file:
        try:
            context.load_cert_chain(settings.certificate_file, settings.key_file)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(
                [f"kafka.certificate_file, kafka.key_file: {settings.certificate_file} can't be loaded ({error})"]
            ) from error
    return context


def connection_options(settings: KafkaSettings) -> dict[str, Any]:
    """Arguments that all clients of aiokafka take.

    Raises
    ------
    ConfigError
        If SASL has no password, or a certificate can't be loaded.
    """
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
                    f"kafka.security_protocol {settings.security_protocol} needs a password: "
                    f"set {PASSWORD_VARIABLE} or kafka.password_file"
                ]
            )
        options |= {
            "sasl_mechanism": settings.sasl_mechanism,
            "sasl_plain_username": settings.sasl_username,
            "sasl_plain_password": password.get_secret_value(),
        }
    return options


async def check_reachable(settings: KafkaSettings) -> None:
    """Connect to one of the bootstrap servers, log in, and hang up.

    Raises
    ------
    BrokerUnreachable
        If none answers.
    KafkaError
        If one answers, but refuses TLS or the login.
    ConfigError
        If the address can't be read.
    """
    options = connection_options(settings)
    try:
        hosts = collect_hosts(settings.bootstrap_servers)
    except ValueError as error:
        raise ConfigError([f"kafka.bootstrap_servers: must be host:port, separated by commas ({error})"]) from error
    problems = []
    for host, port, _ in hosts:
        try:
            connection = await create_conn(host, port, **options)
        except ssl.SSLError as error:
            raise KafkaError(
                f"TLS with the Kafka broker {host}:{port} failed ({_told(error)}): "
                "check kafka.ca_file, kafka.certificate_file, and that the broker expects TLS on this port"
            ) from error
        except _REFUSED_LOGIN as error:
            raise KafkaError(
                f"the Kafka broker {host}:{port} refuses the login of {settings.sasl_username!r} by "
                f"{settings.sasl_mechanism} ({error}): check kafka.sasl_username, kafka.sasl_mechanism and the password"
            ) from error
        except TimeoutError:
            problems.append(f"{host}:{port}: no answer within {settings.request_timeout_seconds:g} s")
        except ConnectionRefusedError:
            problems.append(f"{host}:{port}: connection refused")
        except (OSError, errors.KafkaError) as error:
            problems.append(f"{host}:{port}: {error}{_hint(settings, error)}")
        else:
            await connection.close()
            return
    raise BrokerUnreachable(settings.bootstrap_servers, "; ".join(problems))


def _told(error: ssl.SSLError) -> str:
    """What is wrong with the certificate, such as the host name it is for, or else what went wrong."""
    told = getattr(error, "verify_message", None) or error.reason or error
    return str(told).rstrip(".")


def _hint(settings: KafkaSettings, error: Exception) -> str:
    """TLS 1.3 lets the client believe in a handshake whose certificate the broker then refuses by hanging up."""
    if settings.security_protocol != "SSL" or not isinstance(error, errors.KafkaConnectionError):
        return ""
    if settings.certificate_file is None:
        return ", maybe because it asks for a certificate: see kafka.certificate_file"
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
    if isinstance(error, _NOT_ALLOWED):
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


class _Client(Protocol):
    async def start(self) -> None: ...


class _Producer(AIOKafkaProducer):  # type: ignore[misc]  # aiokafka is published without types
    """Says that the broker is away where aiokafka says so with another name."""

    def __init__(self, settings: KafkaSettings, **options: Any) -> None:
        super().__init__(bootstrap_servers=settings.bootstrap_servers, **options)
        self._servers = settings.bootstrap_servers

    async def send(self, topic: str, *arguments: Any, **options: Any) -> Any:
        try:
            return await super().send(topic, *arguments, **options)
        except errors.UnknownTopicOrPartitionError as error:  # none has told of it within a request's time
            raise BrokerUnreachable(self._servers, f"no broker has {topic}") from error
        except _NO_ANSWER as error:
            raise BrokerUnreachable(self._servers, f"sending to {topic}: {error}") from error


@asynccontextmanager
async def producer(settings: KafkaSettings, transactional_id: str | None = None) -> AsyncIterator[AIOKafkaProducer]:
    """A started producer: idempotent, ``acks=all``.

    When the body raises, what is still queued is dropped rather than sent after the failure.

    Parameters
    ----------
    settings
        How to reach the broker.
    transactional_id
        Makes it send in transactions, and shuts out all earlier producers with the same id.
    """
    await check_reachable(settings)
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
        as_whom = f" with transactional id {transactional_id}" if transactional_id else ""
        await _start(client, settings, f"connecting{as_whom}")
        yield client
    except BaseException:
        await _abandon(client)
        raise
    finally:
        await _stop(client.stop())


async def _abandon(client: AIOKafkaProducer) -> None:
    """Make `stop` return at once: an idempotent producer of aiokafka retries for ever, also while it stops."""
    sending = client._sender.sender_task  # noqa: SLF001  there is no public way to give up
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
    """A started consumer without a subscription; it commits only when told, and never skips records on its own."""
    await check_reachable(settings)
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
        await _start(client, settings)
        yield client
    finally:
        await _stop(client.stop())


@asynccontextmanager
async def admin(settings: KafkaSettings) -> AsyncIterator[AIOKafkaAdminClient]:
    """A started admin client."""
    await check_reachable(settings)
    client = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap_servers, **connection_options(settings))
    try:
        await _start(client, settings)
        yield client
    finally:
        await _stop(client.close())


@asynccontextmanager
async def raw_client(settings: KafkaSettings) -> AsyncIterator[AIOKafkaClient]:
    """A client for requests that aiokafka has no method for."""
    await check_reachable(settings)
    client = AIOKafkaClient(bootstrap_servers=settings.bootstrap_servers, **connection_options(settings))
    try:
        with translated_errors(settings, "connecting"):
            await client.bootstrap()
        yield client
    finally:
        await _stop(client.close())


async def _start(client: _Client, settings: KafkaSettings, doing: str = "connecting") -> None:
    async with answered_within(settings, doing, DELIVERY_FACTOR):
        await client.start()


async def _stop(stopping: Coroutine[Any, Any, None]) -> None:
    # A consumer without a broker stops by raising the cancellation of a part of its own, which is not ours.
    task = asyncio.create_task(stopping)
    done, _ = await asyncio.wait({task}, timeout=_STOP_SECONDS)
    if not done:
        task.cancel()
    elif not task.cancelled():
        task.result()
