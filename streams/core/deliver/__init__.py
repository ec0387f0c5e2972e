"""Delivery of incidents to receivers outside Kafka: which message is due, decided without any I/O.

A `PartitionDelivery` follows one partition of social.alerts. `AlertState` decides which alerts Alertmanager has to be
sent again and again while they fire; `StepQueue` keeps the steps for receivers that want each step once and in order.
Neither delivers a step that the `Suppression` withholds.
"""
