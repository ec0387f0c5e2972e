"""Configuration: every setting with its default, its unit and its limits."""

from streams.config.base import QUALITIES, Language, QualityName
from streams.config.brands import BrandSettings, DetectorSettings, MatchSettings
from streams.config.bridge import (
    ALERTMANAGER_TOKEN_VARIABLE,
    SLACK_TOKEN_VARIABLE,
    SLACK_URL_VARIABLE,
    WEBHOOK_KEY_VARIABLE,
    BridgeSettings,
    receiver_names,
)
from streams.config.calendar import QuietTimes
from streams.config.field_maps import (
    POST_FIELDS,
    FieldMapping,
    FieldRules,
    FieldSource,
    FormatName,
    parse_field_map,
)
from streams.config.ingest import EncodingName, IngestSettings, known_encoding
from streams.config.kafka import PASSWORD_VARIABLE, KafkaSettings, TopicSettings
from streams.config.model import Config
from streams.config.sections import (
    AUTHOR_KEY_VARIABLE,
    AlertSettings,
    DetectSettings,
    IncidentSettings,
    LearnSettings,
    LivenessSettings,
    MetricsSettings,
    ScoreSettings,
    SentimentSettings,
    WindowSettings,
)

__all__ = [
    "ALERTMANAGER_TOKEN_VARIABLE",
    "AUTHOR_KEY_VARIABLE",
    "PASSWORD_VARIABLE",
    "POST_FIELDS",
    "QUALITIES",
    "SLACK_TOKEN_VARIABLE",
    "SLACK_URL_VARIABLE",
    "WEBHOOK_KEY_VARIABLE",
    "AlertSettings",
    "BrandSettings",
    "BridgeSettings",
    "Config",
    "DetectSettings",
    "DetectorSettings",
    "EncodingName",
    "FieldMapping",
    "FieldRules",
    "FieldSource",
    "FormatName",
    "IncidentSettings",
    "IngestSettings",
    "KafkaSettings",
    "Language",
    "LearnSettings",
    "LivenessSettings",
    "MatchSettings",
    "MetricsSettings",
    "QualityName",
    "QuietTimes",
    "ScoreSettings",
    "SentimentSettings",
    "TopicSettings",
    "WindowSettings",
    "known_encoding",
    "parse_field_map",
    "receiver_names",
]
