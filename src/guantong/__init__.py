"""Guantong (贯通): customers, suppliers, goods, projects, people and money on one live model."""

__version__ = "0.1.0"
