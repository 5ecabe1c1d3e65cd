"""Campaigns: aims, period, municipalities, organisations."""
