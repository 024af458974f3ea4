#!/bin/sh
# What the Lambda Web Adapter starts in the function's folder. No access log: a path may carry a ticket.
exec python -m uvicorn --factory functions.report_proxy.app:create_app --host 127.0.0.1 --port "$AWS_LWA_PORT" --no-access-log --log-level warning
