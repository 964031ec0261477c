"""What happened: provisioning logs, audit logs, reports."""
