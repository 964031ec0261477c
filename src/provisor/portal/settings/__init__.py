"""The service itself: administrators, API clients, notifications, retention, keys."""
