"""The API's operations as methods. Times are aware; money is whole minor units."""

from cloud.client.driving import Driving
from cloud.client.owning import Owning


class Client(Driving, Owning):
    """All of them: which may be called is for the key's role to say (Problem 403).

    `http`: where the API is, such as http://127.0.0.1:8000; `key`: the access key, or none.
    """
