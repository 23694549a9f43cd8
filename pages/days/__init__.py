"""Days: how people spend 1,440 minutes, and what groups do beside real ones."""
