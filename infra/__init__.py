"""The infrastructure as CDK: one stack for the cloud and for the emulator of the local stack."""
