"""The lab: Docker target hosts, image hub and stand-in Bot API that the tests run on."""
