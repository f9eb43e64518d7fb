"""The message of an exception raised by the Azure SDK, without the response body."""

from azure.core.exceptions import AzureError, DecodeError, IncompleteReadError

from secrets_app.core.own_messages import UNDECODABLE_RESPONSE


def error_message(error: Exception) -> str:
    """The error's message without the response body, which may contain a token or a secret.

    `str()` of azure-core's errors adds the body unless it is an error object of the service.
    """
    if isinstance(error, DecodeError) and not isinstance(error, IncompleteReadError):
        status = f" (HTTP status {error.status_code})" if error.status_code else ""
        return f"The response{status} could not be decoded: {UNDECODABLE_RESPONSE}."
    return _without_body(str(error.message) if isinstance(error, AzureError) else str(error))


def _without_body(text: str) -> str:
    """Without the body that azure-core 1.41 adds if JSON is invalid; credentials copy it into their own messages."""
    message, separator, body = text.partition("\nContent: ")
    if not separator or "JSON is invalid: " not in message:
        return text
    end = body.rfind("\nTo mitigate this issue")  # the end of a chain's message
    return message if end < 0 else message + body[end:]
