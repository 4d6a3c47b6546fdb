"""What Picabia raises. Every message names the file, node or tensor, what was found and what was expected; it is the
message that the command line prints."""


class Error(Exception):
    """The base of all errors of this package."""


class InvalidArgument(Error, ValueError):
    """Something that was passed can never work: a name, a shape, a type, a value."""


class InvalidModel(Error, ValueError):
    """A model file breaks a rule of its format."""


class Unsupported(Error, NotImplementedError):
    """Legal, but nothing here handles it."""


class NotFound(Error, LookupError):
    """A file, node, tensor or operator that does not exist."""


class IoError(Error, OSError):
    """The operating system refused a read, a write or a library."""


class ResourceError(Error, MemoryError):
    """A limit of size or time would be passed."""
