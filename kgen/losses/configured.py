"""What objectives and regularizers share: a configuration, equality, and a name to ask for."""

import keras


class Configured:
    """An object that is its constructor's arguments, kept as attributes of the same names.

    So it is saved with a model, compares equal to another of the same arguments, and prints as the
    call that makes it.
    """

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {
            key: keras.saving.serialize_keras_object(value) for key, value in vars(self).items()
        }

    @classmethod
    def from_config(cls, config: dict):
        """The object with the configuration that `get_config` returned."""
        return cls(
            **{
                key: keras.saving.deserialize_keras_object(value)
                if isinstance(value, dict)
                else value
                for key, value in config.items()
            }
        )

    def __eq__(self, other):
        return type(self) is type(other) and self.get_config() == other.get_config()

    def __hash__(self):
        return hash(repr(self))

    def __repr__(self):
        arguments = ", ".join(f"{key}={value!r}" for key, value in self.get_config().items())
        return f"{type(self).__name__}({arguments})"


def resolve(given, base: type, named: dict, what: str):
    """`given` as an object: itself, the one of that name, or the one of a saved configuration.

    Args:
        given: A `base`, a key of `named`, or what `keras.saving.serialize_keras_object` made.
        base: The class it must be of.
        named: What makes the object of each name.
        what: How to call it in an error.

    Raises:
        ValueError: If it is none of these.
    """
    if isinstance(given, dict):
        given = keras.saving.deserialize_keras_object(given)
    if isinstance(given, str) and given in named:
        given = named[given]()
    if not isinstance(given, base):
        raise ValueError(f"{what} must be one of {', '.join(named)} or an object, got {given!r}.")
    return given
