"""From social.alerts to people's tools: Alertmanager, webhooks, Slack.

`worker` reads the topic and knows Kafka, `http` knows the network. What is told to whom is decided by two small pure
objects: `standing` for Alertmanager, which wants to hear again and again what is firing, and `queue` for receivers that
want each step of an incident once and in order. Both pass nothing on that must page nobody (`holding`).
"""
