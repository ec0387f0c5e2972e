"""Define every error that firewatch raises on purpose; imports nothing of firewatch.

::

    FirewatchError                 a problem that the user or operator can act on
    ├── ConfigError                the YAML file, an environment override, or a secret file
    ├── InputError                 a file of posts that can't be read
    │   ├── TruncatedInput         a compressed file whose end is missing
    │   └── RejectionRatioExceeded too many rejected records: stop before all go to the dead letter queue
    ├── SourceError                a live source that can't be read at present
    │   ├── SourceRefused          it denies access until somebody changes something
    │   └── SourceUnavailable      it may answer later
    ├── OutputError                a file that can't be written, such as for a full disk
    ├── RecordError                the bytes of a record; has topic, partition and offset where known
    │   ├── OutdatedState          a state written by a version of firewatch that is too old
    │   └── UnknownVersion         a record or state written by a newer version of firewatch
    ├── KafkaError                 the broker, a topic, a permission
    │   ├── BrokerUnreachable
    │   ├── NotAllowed             permissions are missing
    │   └── TopicMismatch          an existing topic differs in a way that breaks the service
    ├── UnknownIncident            an id that no alert has
    ├── DeliveryError              a receiver of alerts outside Kafka
    │   ├── DeliveryRefused        it refuses this alert for good
    │   └── DeliveryFailed         it may accept the alert later
    │       ├── DeliveryDenied     it will, once settings or permissions there have been repaired
    │       └── MessageGone        the message that is answered or updated is not there any more
    ├── DetectorFailed             a detector raised; it is quarantined after repeated failures
    ├── ExpectationFailed          a config does not raise the incidents that were expected
    ├── MissingPackage             an optional package that a setting asks for is not installed
    ├── PortTaken                  a metrics or broker port that another process uses
    └── WorkerFailed               a supervised worker that is not restarted any more

The command line prints the message and exits with `exit_code`; a traceback means a defect of firewatch.
"""

from streams.errors.base import (
    FirewatchError,
)
from streams.errors.config import (
    ConfigError,
    Problem,
)
from streams.errors.delivery import (
    DeliveryDenied,
    DeliveryError,
    DeliveryFailed,
    DeliveryRefused,
    MessageGone,
    UnknownIncident,
)
from streams.errors.input import (
    InputError,
    OutputError,
    RejectionRatioExceeded,
    TruncatedInput,
)
from streams.errors.kafka import (
    BrokerUnreachable,
    KafkaError,
    NotAllowed,
    TopicMismatch,
)
from streams.errors.records import (
    OutdatedState,
    RecordError,
    UnknownVersion,
)
from streams.errors.sources import (
    SourceError,
    SourceRefused,
    SourceUnavailable,
)
from streams.errors.workers import (
    ANY_TIME,
    DetectorFailed,
    Doing,
    ExpectationFailed,
    Failure,
    MissingPackage,
    PortTaken,
    WorkerFailed,
)

__all__ = [
    "ANY_TIME",
    "BrokerUnreachable",
    "ConfigError",
    "DeliveryDenied",
    "DeliveryError",
    "DeliveryFailed",
    "DeliveryRefused",
    "DetectorFailed",
    "Doing",
    "ExpectationFailed",
    "Failure",
    "FirewatchError",
    "InputError",
    "KafkaError",
    "MessageGone",
    "MissingPackage",
    "NotAllowed",
    "OutdatedState",
    "OutputError",
    "PortTaken",
    "Problem",
    "RecordError",
    "RejectionRatioExceeded",
    "SourceError",
    "SourceRefused",
    "SourceUnavailable",
    "TopicMismatch",
    "TruncatedInput",
    "UnknownIncident",
    "UnknownVersion",
    "WorkerFailed",
]
