"""Picabia: picture-to-picture networks, fast and exact on CPUs.

    import picabia

    picabia.stylize("photo.jpg", "styled.png")                     # a picture
    session = picabia.Session("net.pb", precision="int8")          # tensors
    y = session.run("add_37:0", {"X_content:0": pictures})
    picabia.quantize("net.pb", "net_int8.pb", calibration="photos/")

Nothing is printed, and every failure raises a subclass of picabia.Error.
"""
from ._core import TensorInfo, __version__
from .errors import Error, InvalidArgument, InvalidModel, IoError, NotFound, ResourceError, Unsupported
from .functions import Stylizer, compile, quantize, styles, stylize
from .host import Callback, Operator
from .session import Session

__all__ = [
    "Callback", "Error", "InvalidArgument", "InvalidModel", "IoError", "NotFound", "Operator", "ResourceError",
    "Session", "Stylizer", "TensorInfo", "Unsupported", "__version__", "compile", "quantize", "styles", "stylize",
]
