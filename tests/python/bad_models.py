"""Hostile model files for test_bad_models.py, made of protobuf fields by hand: no library would write most of them.

Each row is (case, name, command, maker, message): the case of the list of bad inputs, what the file is, the
command that must meet it ("inspect" or "run"), a function that gives the bytes, and a pattern of the error's text,
or None where the file must be accepted.
"""


def varint(n):
    out = b""
    n &= (1 << 64) - 1
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def field(number, value):
    """A length-delimited field of bytes, or a varint."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


# ---- ONNX

def node(op, inputs, outputs, attributes=(), name="n", domain=None):
    text = b"".join(field(1, i) for i in inputs) + b"".join(field(2, o) for o in outputs)
    text += field(3, name) + field(4, op) + b"".join(field(5, a) for a in attributes)
    return text + (field(7, domain) if domain else b"")


def info(name, dims, kind=1):
    shape = b"".join(field(1, field(1, d)) for d in dims)
    return field(1, name) + field(2, field(1, field(1, kind) + field(2, shape)))


def tensor(name, kind, dims, rest=b""):
    return b"".join(field(1, d) for d in dims) + field(2, kind) + field(8, name) + rest


def ints(name, dims, values):
    return tensor(name, 7, dims, field(9, b"".join(v.to_bytes(8, "little", signed=True) for v in values)))


def attribute(name, kind, number, value):
    return field(1, name) + field(number, value) + field(20, kind)


def onnx(nodes, initializers=(), inputs=None, outputs=None, opset=17, ir=8):
    inputs = [info("x", [1, 3, 8, 8])] if inputs is None else inputs
    outputs = [info("y", [])] if outputs is None else outputs
    graph = b"".join(field(1, n) for n in nodes) + field(2, "g") + b"".join(field(5, t) for t in initializers)
    graph += b"".join(field(11, i) for i in inputs) + b"".join(field(12, o) for o in outputs)
    return field(1, ir) + field(8, field(2, opset)) + field(7, graph)


def one(op, inputs=("x",), attributes=(), initializers=(), **options):
    return onnx([node(op, inputs, ["y"], attributes)], initializers, **options)


def with_weight(weight_dims, attributes=()):
    count = 1
    for d in weight_dims:
        count *= d
    weight = tensor("w", 1, weight_dims, field(9, bytes(4 * count)))
    return one("Conv", ("x", "w"), attributes, [weight])


# ---- TensorFlow

def tf_node(name, op, inputs=(), attributes=()):
    text = field(1, name) + field(2, op) + b"".join(field(3, i) for i in inputs)
    return text + b"".join(field(5, field(1, k) + field(2, v)) for k, v in attributes)


def tf_shape(dims):
    return b"".join(field(2, field(1, d)) for d in dims)


def tf(nodes):
    start = tf_node("x", "Placeholder", (), [("dtype", field(6, 1)), ("shape", field(7, tf_shape([1, 8, 8, 3])))])
    return b"".join(field(1, n) for n in [start, *nodes]) + field(4, field(1, 38))


def tf_const(name, kind, dims, rest=b""):
    value = field(1, kind) + field(2, tf_shape(dims)) + rest
    return tf_node(name, "Const", (), [("dtype", field(6, kind)), ("value", field(8, value))])


def tf_ints(name, values):
    raw = b"".join(v.to_bytes(4, "little", signed=True) for v in values)
    return tf_const(name, 3, [len(values)], field(4, raw))


def tf_pads(values):
    raw = b"".join(v.to_bytes(4, "little", signed=True) for v in values)
    return tf([tf_const("p", 3, [len(values) // 2, 2], field(4, raw)), tf_node("y", "Pad", ["x", "p"])])


def tf_list(values):
    return field(1, b"".join(varint(3 << 3) + varint(v) for v in values))


def tf_conv(strides, padding="SAME", extra=()):
    return tf([tf_const("w", 1, [3, 3, 3, 2]), tf_node("y", "Conv2D", ["x", "w"],
              [("strides", tf_list(strides)), ("padding", field(2, padding)), *extra])])


# ---- larger ones

def onnx_chain(op, count):
    names = ["x", *(f"{i:x}n" for i in range(count - 1)), "y"]
    return onnx([field(1, names[i]) + field(2, names[i + 1]) + field(4, op) for i in range(count)])


def tf_chain(op, count):
    return tf([tf_node(f"n{i}", op, ["x" if i == 0 else f"n{i - 1}"]) for i in range(count)])


def nest(depth, wrap):
    """Messages within messages, without the quadratic work of copying: the lengths from the inside, then all headers."""
    headers, size = [], 0
    for _ in range(depth):
        header = wrap(size)
        headers.append(header)
        size += len(header)
    return b"".join(reversed(headers))


def nested_attribute(depth):
    """AttributeProto.g -> GraphProto.node -> NodeProto.attribute, and so on."""
    def wrap(size):
        inner = varint(5 << 3 | 2) + varint(size)                      # NodeProto.attribute
        middle = varint(1 << 3 | 2) + varint(len(inner) + size)         # GraphProto.node
        return varint(6 << 3 | 2) + varint(len(middle) + len(inner) + size) + middle + inner
    return nest(depth, wrap)


def functions(count):
    """A model with local functions that each call the next one."""
    def function(i):
        call = node(f"F{i + 1}", ["x"], ["y"], name="", domain="local")
        return field(1, f"F{i}") + field(4, "x") + field(5, "y") + field(7, call) + field(10, "local")
    model = onnx([node("F0", ["x"], ["y"], domain="local")])
    return model + b"".join(field(25, function(i)) for i in range(count))


HUGE = [1 << 20, 1 << 20]
FLOAT = field(9, bytes(4))

ROWS = [
    (1, "empty", "inspect", lambda: b"", "the file is empty"),
    (2, "eight_bytes", "inspect", lambda: bytes(8), "is no protobuf message"),
    (3, "html", "inspect", lambda: b"<!DOCTYPE html><html></html>", "an HTML or XML page"),
    (3, "lfs", "inspect", lambda: b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "a Git LFS pointer"),
    (3, "text", "inspect", lambda: b"hello\n", "text, which begins 'hello"),
    (5, "varint_onnx", "inspect", lambda: one("Relu") + b"\x28" + b"\x80" * 10 + b"\x01", "more than 10 bytes"),
    (5, "varint_tf", "inspect", lambda: tf([]) + b"\x18" + b"\x80" * 10 + b"\x01", "more than 10 bytes"),
    (6, "length_onnx", "inspect", lambda: one("Relu") + b"\x32\x7f", "byte [0-9]+: a field is longer"),
    (6, "length_tf", "inspect", lambda: tf([]) + b"\x0a\xff\xff\xff\xff\x0f", "byte [0-9]+: a field is longer"),
    (7, "wire_onnx", "inspect", lambda: one("Relu") + b"\x40\x01", "wire type 0, expected 2"),
    (7, "wire_tf", "inspect", lambda: tf([]) + b"\x08\x01", "wire type 0, expected 2"),
    (8, "nested_101", "inspect", lambda: one("Relu", attributes=[field(1, "b") + nested_attribute(101)]), "node 'n': "),
    (8, "nested_100000", "inspect", lambda: one("Relu", attributes=[field(1, "b") + nested_attribute(100000)]),
     "node 'n': attribute 'b' is not known"),
    (8, "nested_tf", "inspect",
     lambda: tf([tf_node("y", "Relu", ["x"],
                         [("f", nest(100000, lambda n: varint(10 << 3 | 2) + varint(n)))])]), "node 'y': "),
    (10, "twice_onnx", "inspect", lambda: onnx([node("Relu", ["x"], ["y"])] * 2), "value 'y' is defined twice"),
    (10, "twice_tf", "inspect", lambda: tf([tf_node("a", "Relu", ["x"])] * 2), "two nodes have the name 'a'"),
    (11, "unnamed_onnx", "inspect", lambda: onnx([node("Relu", [""], [""])]), "node 'n': it names no output"),
    (11, "unnamed_tf", "inspect", lambda: tf([tf_node("", "Relu", [""])]), "node 1 has an empty name"),
    (12, "loop_onnx", "inspect", lambda: one("Relu", ["y"]), "node 'n': its inputs depend on itself"),
    (12, "loop_tf", "inspect", lambda: tf([tf_node("a", "Relu", ["b"]), tf_node("b", "Relu", ["a"])]),
     "its inputs depend on itself: 'b' -> 'a' -> 'b'"),
    (12, "control_tf", "inspect", lambda: tf([tf_node("a", "Relu", ["x", "^b"]), tf_node("b", "Relu", ["a"])]), None),
    (13, "missing_onnx", "inspect", lambda: one("Relu", ["gone"]), "node 'n': input 0 .'gone'."),
    (13, "output_99_tf", "inspect", lambda: tf([tf_node("a", "Relu", ["x:99"])]), "node 'a': input 0 .'x:99'.: output 99"),
    *((14, f"dims_{i}_{form}", "inspect", make, "'k': ") for i, dims in enumerate(
        [[-1], [1 << 31], [(1 << 42) + 1], [1 << 32, 1 << 32], [1] * 33])
      for form, make in (
          ("onnx", lambda dims=dims: one("Relu", initializers=[tensor("k", 1, dims, FLOAT)])),
          ("tf", lambda dims=dims: tf([tf_const("k", 1, dims, field(4, bytes(4))), tf_node("y", "Relu", ["x"])])))),
    (14, "zero_onnx", "inspect", lambda: one("Relu", initializers=[tensor("k", 1, [0])]), None),
    (14, "filled_tf", "inspect", lambda: tf([tf_const("k", 1, [1 << 28], field(5, bytes(4)))]), "node 'k': a constant of"),
    (15, "raw_onnx", "inspect", lambda: one("Relu", initializers=[tensor("k", 1, [2], FLOAT)]), "4 bytes of data, expected 8"),
    (15, "raw_tf", "inspect", lambda: tf([tf_const("k", 1, [2], field(4, bytes(12)))]), "12 bytes of data, expected 8"),
    (16, "both_onnx", "inspect", lambda: one("Relu", initializers=[tensor("k", 1, [1], FLOAT + field(4, bytes(4)))]),
     "'k': a tensor has both raw data and a list of values"),
    (16, "both_tf", "inspect", lambda: tf([tf_const("k", 1, [1], field(4, bytes(4)) + field(5, bytes(4)))]),
     "'k': a tensor has both raw data and a list of values"),
    (17, "type_onnx", "inspect", lambda: one("Relu", initializers=[tensor("k", 99, [1], FLOAT)]), "'k': element type 99"),
    (17, "type_tf", "inspect", lambda: tf([tf_const("k", 0, [1], field(4, bytes(4)))]), "'k': element type 0"),
    (18, "stride_onnx", "inspect", lambda: with_weight([2, 3, 3, 3], [attribute("strides", 7, 8, b"\0\0")]),
     "node 'n': attribute 'strides'"),
    (18, "group_onnx", "inspect", lambda: with_weight([2, 3, 3, 3], [attribute("group", 2, 3, 0)]),
     "node 'n': attribute 'group' is 0"),
    (18, "group_2_onnx", "inspect", lambda: with_weight([2, 3, 3, 3], [attribute("group", 2, 3, 2)]), "node 'n': "),
    (18, "kernel_onnx", "inspect", lambda: with_weight([2, 3, 0, 3]), "node 'n': "),
    (18, "stride_tf", "inspect", lambda: tf_conv([1, 0, 1, 1]), "node 'y': attribute 'strides'"),
    (19, "pads_onnx", "inspect", lambda: with_weight([2, 3, 3, 3], [attribute("pads", 7, 8, varint(-1) * 4)]),
     "node 'n': attribute 'pads'"),
    (19, "pads_tf", "inspect", lambda: tf_pads([0, 0, -1, 0, 0, 0, 0, 0]), "node 'y': "),
    (19, "huge_pads_tf", "run", lambda: tf_pads([0, 0, 2**31 - 1, 0, 2**31 - 1, 0, 0, 0]), ""),
    (20, "axis_onnx", "inspect", lambda: one("ReduceMean", attributes=[attribute("axes", 7, 8, varint(9))]),
     "node 'n': axis 9"),
    (20, "perm_onnx", "inspect", lambda: one("Transpose", attributes=[attribute("perm", 7, 8, b"\0\1\2\2")]), "node 'n': "),
    (20, "axis_tf", "inspect", lambda: tf([tf_ints("a", [1, -3]), tf_node("y", "Mean", ["x", "a"])]),
     "node 'y': axis 1 is given twice"),
    (21, "rank_1_onnx", "inspect", lambda: with_weight([27]), "node 'n': "),
    (21, "scalar_onnx", "inspect", lambda: with_weight([]), "node 'n': "),
    (21, "rank_1_tf", "inspect",
     lambda: tf([tf_const("w", 1, [3]), tf_node("y", "Conv2D", ["x", "w"],
                [("strides", tf_list([1, 1, 1, 1])), ("padding", field(2, "SAME"))])]), "node 'y': "),
    (22, "absent_onnx", "inspect", lambda: one("Clip", ["", "", ""]), "node 'n': "),
    (22, "all_absent_resize", "inspect", lambda: one("Resize", ["x", "", ""]), "node 'n': "),
    (23, "epsilon_onnx", "inspect",
     lambda: one("BatchNormalization", ["x", "v", "v", "v", "z"],
                 [field(1, "epsilon") + b"\x15" + bytes(4) + field(20, 1)],
                 [tensor("v", 1, [3], field(9, b"\0\0\x80\x3f" * 3)), tensor("z", 1, [3], field(9, bytes(12)))]),
     "node 'n': constant 'z' has variance 0"),
    *((24, f"{op}_onnx", "run", lambda op=op, inputs=inputs, more=more: one(op, inputs, (), [ints("s", [2], HUGE), *more]), "")
      for op, inputs, more in [
          ("Tile", ("x", "t"), [ints("t", [4], [1, 1, 1 << 20, 1 << 20])]),
          ("Expand", ("x", "t"), [ints("t", [6], [1 << 20, 1 << 20, 1, 3, 8, 8])]),
          ("ConstantOfShape", ("s",), []),
          ("Range", ("a", "b", "c"), [ints("a", [], [0]), ints("b", [], [1 << 40]), ints("c", [], [1])]),
          ("Range", ("a", "b", "c"), [ints("a", [], [0]), ints("b", [], [1 << 40]), ints("c", [], [0])]),
          ("Upsample", ("x", "f"), [tensor("f", 1, [4], field(9, b"\0\0\x80\x3f" * 2 + b"\0\0\x80\x4b" * 2))])]),
    (24, "Where_onnx", "run",
     lambda: one("Where", ("c", "a", "b"), (), [tensor("c", 9, [1 << 20, 1], field(9, bytes(1 << 20))),
                                                 tensor("a", 1, [1, 1 << 20], field(9, bytes(1 << 22))),
                                                 tensor("b", 1, [1], FLOAT)]), ""),
    (24, "sparse_onnx", "inspect",
     lambda: field(1, 8) + field(8, field(2, 17)) + field(7, field(1, node("Relu", ["x"], ["y"])) +
             field(11, info("x", [1])) + field(12, info("y", [])) + field(15, b"\x0a\x00")), "sparse initializers"),
    (24, "Fill_tf", "run", lambda: tf([tf_ints("s", HUGE), tf_const("v", 1, [], field(4, bytes(4))),
                                       tf_node("y", "Fill", ["s", "v"])]), ""),
    (24, "Tile_tf", "run", lambda: tf([tf_ints("s", [1, 1 << 20, 1 << 20, 1]), tf_node("y", "Tile", ["x", "s"])]), ""),
    (25, "reshape_onnx", "inspect", lambda: one("Reshape", ["x", "s"], (), [ints("s", [2], [-1, -1])]), "at most one -1"),
    (25, "reshape_tf", "inspect", lambda: tf([tf_ints("s", [-1, -1]), tf_node("y", "Reshape", ["x", "s"])]),
     "at most one -1"),
    *((26, f"{op}_3000", "inspect", lambda op=op: one(op, attributes=[field(1, "body") + nested_attribute(3000)]),
       f"node 'n': operator '{op}' is not supported") for op in ("If", "Loop", "Scan")),
    (26, "functions_3000", "inspect", lambda: functions(3000), "node 'n': operator 'F0' of domain 'local' is not supported"),
    (27, "chain_of_a_million_onnx", "inspect", lambda: onnx_chain("Identity", 10**6), "more than 65536 nodes"),
    (27, "chain_of_a_million_tf", "inspect", lambda: tf_chain("Identity", 10**6), "more than 65536 nodes"),
    (27, "chain_onnx", "inspect", lambda: onnx_chain("Identity", 65530), None),
    (27, "chain_tf", "inspect", lambda: tf_chain("Identity", 65530), None),
    (27, "deep_onnx", "run", lambda: onnx_chain("Abs", 65530), "not fed"),
    (27, "a_million_edges_onnx", "inspect", lambda: one("Sum", ["x"] * 10**6), "node 'n': it has more than 65536 inputs"),
    (27, "a_million_edges_tf", "inspect", lambda: tf([tf_node("y", "AddN", ["x"] * 10**6)]),
     "node 'y': it has more than 65536 inputs"),
    (27, "a_long_list", "inspect", lambda: with_weight([2, 3, 3, 3], [attribute("pads", 7, 8, bytes(10**7))]),
     "a list has more than 65536 numbers"),
    (29, "newline_onnx", "inspect", lambda: one("Relu", ["a\nb"]), r"a\\x0ab"),
    (29, "ansi_tf", "inspect", lambda: tf([tf_node("\x1b[31mred", "Relu", ["x"])]), r"\\x1b\[31mred"),
    (29, "nul_tf", "inspect", lambda: tf([tf_node("a\0b", "Relu", ["x"])]), r"a\\x00b"),
    (29, "megabyte_onnx", "inspect", lambda: onnx([node("Relu", ["x"], ["y"], name="n" * 2**20)]), "1048576 bytes"),
    (29, "megabyte_op_tf", "inspect", lambda: tf([tf_node("a", "n" * 2**20, ["x"])]), "node 'a': operator 'nnn"),
    (29, "not_utf8_onnx", "inspect", lambda: onnx([node("Relu", ["x"], [b"\xff\xfe"])]), r"\\xff\\xfe"),
    *((30, f"opset_{v}", "inspect", lambda v=v: one("Relu", opset=v), f"uses opset {v}, Picabia reads 7 to")
      for v in (0, 9999)),
    (30, "two_opsets", "inspect", lambda: one("Relu") + field(8, field(1, "ai.onnx") + field(2, 17)),
     "imports two operator sets of domain ai.onnx"),
    (31, "unknown_onnx", "inspect", lambda: one("FancyOp"), "node 'n': operator 'FancyOp' is not supported"),
    (31, "unknown_tf", "inspect", lambda: tf([tf_node("a", "FancyOp", ["x"])]), "node 'a': operator 'FancyOp' is not supported"),
]
