"""The HTTP API as a Lambda function."""

from mangum import Mangum

from functions.submit.app import create_app

handler = Mangum(create_app(), lifespan="off")
