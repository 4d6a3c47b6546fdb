"""TensorFlow's operators, each on random shapes and attributes, against TensorFlow. PICABIA_SEED picks other ones."""

import functools
import itertools
import os

import numpy as np
import pytest

from tf_batch import Batch

SIZES = [1, 1, 2, 3, 5, 7, 13, 17]
PICTURE_SIZES = [1, 2, 3, 5, 7, 11, 16]
INTEGERS = [np.int32, np.int64]


@pytest.fixture
def batch(tf_oracle, request):
    seed = int(os.environ.get("PICABIA_SEED", 0))
    with Batch(tf_oracle.tf, [seed, *request.node.name.encode()]) as batch:
        yield batch


@pytest.fixture
def raw(tf_oracle):
    return tf_oracle.tf.raw_ops


@pytest.fixture
def check(batch, run_model, tmp_path):
    return functools.partial(batch.check, run_model, tmp_path)


def shape_of(rng, ranks=range(6), empty=0.08):
    """A random shape of at most some thousand elements."""
    shape = [int(rng.choice(SIZES)) for _ in range(rng.choice(list(ranks)))]
    while np.prod(shape) > 4000:
        shape[int(np.argmax(shape))] = 2
    if shape and rng.random() < empty:
        shape[rng.integers(len(shape))] = 0
    return shape


def picture(rng, channels=None, empty=0.0):
    n, h, w = rng.choice([1, 1, 2, 3]), rng.choice(PICTURE_SIZES), rng.choice(PICTURE_SIZES)
    shape = [int(n), int(h), int(w), channels or int(rng.choice([1, 2, 3, 4, 5, 8]))]
    if rng.random() < empty:
        shape[0] = 0
    return shape


def broadcastable(rng, shape):
    """Two shapes that broadcast to `shape`."""
    both = []
    for _ in range(2):
        part = [d if rng.random() < 0.7 else 1 for d in shape]
        both.append(part[rng.integers(len(part) + 1):] if part and rng.random() < 0.4 else part)
    return both


def nchw(value):
    return np.ascontiguousarray(np.transpose(value, (0, 3, 1, 2)))


# ---- elementwise

UNARY = {  # the range of inputs
    "Abs": (-4, 4), "Acos": (-1, 1), "Acosh": (1, 9), "Asin": (-1, 1), "Asinh": (-9, 9), "Atan": (-9, 9),
    "Atanh": (-0.99, 0.99), "Ceil": (-4, 4), "CheckNumerics": (-4, 4), "Cos": (-9, 9), "Cosh": (-4, 4), "Elu": (-4, 4),
    "Erf": (-4, 4), "Exp": (-9, 9), "Expm1": (-3, 3), "Floor": (-4, 4), "Identity": (-4, 4), "Inv": (0.1, 4),
    "IsFinite": (-4, 4), "IsInf": (-4, 4), "IsNan": (-4, 4), "LeakyRelu": (-4, 4), "Log": (0, 4), "Log1p": (-0.9, 4),
    "Neg": (-4, 4), "OnesLike": (-4, 4), "PreventGradient": (-4, 4), "Reciprocal": (0.1, 4), "Relu": (-4, 4),
    "Relu6": (-9, 9), "Rint": (-4, 4), "Round": (-4, 4), "Rsqrt": (0.1, 9), "Selu": (-4, 4), "Sigmoid": (-9, 9),
    "Sign": (-4, 4), "Sin": (-9, 9), "Sinh": (-4, 4), "Softplus": (-9, 9), "Softsign": (-9, 9), "Sqrt": (0, 9),
    "Square": (-4, 4), "StopGradient": (-4, 4), "Tan": (-1.4, 1.4), "Tanh": (-4, 4), "ZerosLike": (-4, 4),
}
OF_INTEGERS = ["Abs", "Neg", "OnesLike", "Relu", "Relu6", "Sign", "Square", "ZerosLike", "StopGradient"]
UNARY_NAMES = {"CheckNumerics": "tensor", "Elu": "features", "LeakyRelu": "features", "Relu": "features",
               "Relu6": "features", "Selu": "features", "Softplus": "features", "Softsign": "features"}
UNARY_NAMES |= dict.fromkeys(["Identity", "PreventGradient", "StopGradient"], "input")


def unary(raw, op, x, **attributes):
    if op == "CheckNumerics":
        attributes["message"] = "no number"
    return getattr(raw, op)(**{UNARY_NAMES.get(op, "x"): x}, **attributes)


def test_unary(batch, raw, check):
    for op, (low, high) in UNARY.items():
        for _ in range(3):
            x = batch.numbers(shape_of(batch.rng), np.float32, low, high)
            if x.size > 4 and op in ("Round", "Rint", "Floor", "Ceil"):
                x.flat[:4] = [0.5, 1.5, -2.5, -0.5]
            if x.size > 4 and op.startswith("Is"):
                x.flat[:3] = [np.nan, np.inf, -np.inf]
            if x.size > 4 and op in ("Expm1", "Log1p"):
                x.flat[:3] = [1e-6, -1e-6, 0]
            y = unary(raw, op, batch.input(x), **({"alpha": 0.5} if op == "LeakyRelu" else {}))
            batch.case(y, label=str(x.shape))
    check()


def test_small_numbers_keep_their_digits(batch, raw, check):
    x = batch.input(np.geomspace(1e-7, 1e-4, 33).astype(np.float32))
    batch.case([raw.Log1p(x=x), raw.Expm1(x=x)], tolerance=1e-6)
    check()


def test_large_numbers_keep_theirs(batch, raw, check):
    x = batch.input(np.float32([1e3, 1e10, 1e30, np.inf, -1, -2, -3, np.nan]))
    batch.case(raw.Log1p(x=x))
    batch.case(raw.Expm1(x=batch.input(np.float32([-100, -20, 20, 80, 200, np.nan]))))
    check()


def test_unary_of_integers(batch, raw, check):
    for op, dtype in itertools.product(OF_INTEGERS, INTEGERS):
        batch.case(unary(raw, op, batch.random(shape_of(batch.rng), dtype, -9, 9)), label=dtype.__name__)
    batch.case(raw.LogicalNot(x=batch.random([3, 5], np.bool_)))
    check()


ARITHMETIC = ["Add", "AddV2", "Sub", "Mul", "Maximum", "Minimum", "SquaredDifference", "FloorDiv", "FloorMod", "Mod"]
COMPARISONS = ["Equal", "NotEqual", "Less", "LessEqual", "Greater", "GreaterEqual"]


def test_binary(batch, raw, check):
    cases = [(op, dtype) for op in ARITHMETIC + COMPARISONS for dtype in [np.float32, np.float32, *INTEGERS]]
    cases += [("RealDiv", np.float32), ("Div", np.float32), ("Div", np.int32), ("TruncateMod", np.int32),
              ("TruncateDiv", np.int32), ("Pow", np.int32)]
    for op, dtype in cases:
        a, b = broadcastable(batch.rng, shape_of(batch.rng))
        x = batch.numbers(a, dtype, -9, 9)
        y = batch.numbers(b, dtype, -9, 9)
        if "Div" in op or "Mod" in op:
            y = np.where(np.abs(y) < 0.1, dtype(3), y).astype(dtype)
        if op == "Pow":
            y = np.abs(y)
        if op in COMPARISONS and dtype == np.float32:
            x, y = np.round(x), np.round(y)
        batch.case(getattr(raw, op)(x=batch.input(x), y=batch.input(y)), label=f"{dtype.__name__} {a} {b}")
    for _ in range(3):
        a, b = broadcastable(batch.rng, shape_of(batch.rng))
        batch.case(raw.Pow(x=batch.random(a, low=0, high=3), y=batch.random(b)), label=f"{a} {b}")
        for op in ("LogicalAnd", "LogicalOr"):
            batch.case(getattr(raw, op)(x=batch.random(a, np.bool_), y=batch.random(b, np.bool_)))
    check()


def test_select(batch, raw, check):
    for _ in range(8):
        a, b = broadcastable(batch.rng, shape_of(batch.rng))
        c, _ = broadcastable(batch.rng, np.broadcast_shapes(tuple(a), tuple(b)))
        batch.case(raw.SelectV2(condition=batch.random(c, np.bool_), t=batch.random(a), e=batch.random(b)))
    for shape in ([4], [3, 5], [2, 3, 5, 1]):
        for condition in ([], shape[:1], shape):
            x, y = batch.random(shape, free=False), batch.random(shape, free=False)
            batch.case(raw.Select(condition=batch.random(condition, np.bool_, free=False), x=x, y=y),
                       label=f"{condition} of {shape}")
    check()


def test_add_n(batch, raw, check):
    for count, dtype in itertools.product([1, 2, 3, 9], [np.float32, np.int32]):
        shape = shape_of(batch.rng)
        batch.case(raw.AddN(inputs=[batch.random(shape, dtype) for _ in range(count)]))
    check()


def test_cast(batch, raw, tf_oracle, check):
    tf = tf_oracle.tf
    types = [np.float32, np.float64, np.float16, np.int32, np.int64, np.uint8, np.int8, np.bool_]
    for source, target in itertools.product(types, types):
        value = batch.numbers([3, 5], source, 0 if target == np.uint8 else -4, 4)
        batch.case(raw.Cast(x=batch.input(value), DstT=tf.as_dtype(target)), label=f"{source} {target}")
    check()


def test_bias_add(batch, raw, check):
    for rank in (2, 3, 4, 5):
        for _ in range(2):
            shape = shape_of(batch.rng, [rank])
            x, bias = batch.random(shape), batch.random(shape[-1:])
            batch.case(raw.BiasAdd(value=x, bias=bias), label=str(shape))
            first = np.moveaxis(batch.feeds[x], -1, 1)
            if rank > 2:
                batch.case(raw.BiasAdd(value=batch.input(first), bias=bias, data_format="NCHW"), label=f"NCHW {shape}")
    check()


# ---- reductions and products

def test_reductions(batch, raw, check):
    kinds = {"Sum": np.float32, "Max": np.float32, "Min": np.float32, "Mean": np.float32, "Prod": np.float32,
             "All": np.bool_, "Any": np.bool_}
    for op, dtype in kinds.items():
        for keep, computed, integers in [(0, 0, 0), (1, 0, 0), (0, 0, 1), (1, 1, 0), (0, 1, 0), (1, 0, 1)]:
            shape = shape_of(batch.rng, empty=0.08 if op in ("Sum", "Prod", "All", "Any") else 0)
            kind = np.int32 if integers and dtype != np.bool_ else dtype
            axes = [int(a) for a in range(len(shape)) if batch.rng.random() < 0.5]
            axes = np.int32([a - len(shape) if batch.rng.random() < 0.5 else a for a in batch.rng.permutation(axes)])
            if len(axes) == 1 and batch.rng.random() < 0.5:
                axes = axes[0]
            axis = batch.input(axes, free=False) if computed else axes
            x = batch.random(shape, kind, *((-2, 2) if op == "Prod" else (-4, 4)))
            y = getattr(raw, op)(input=x, axis=axis, keep_dims=bool(keep))
            batch.case(y, label=f"{shape} {axes} {kind.__name__}")
    check()


def test_arg_reductions(batch, raw, tf_oracle, check):
    tf = tf_oracle.tf
    for op, dtype, kind in itertools.product(["ArgMax", "ArgMin"], [np.float32, np.int32], [tf.int32, tf.int64]):
        for _ in range(2):
            shape = shape_of(batch.rng, range(1, 6), empty=0)
            axis = int(batch.rng.integers(-len(shape), len(shape)))
            x = batch.random(shape, dtype, -2, 2)
            batch.case(getattr(raw, op)(input=x, dimension=axis, output_type=kind), label=f"{shape} {axis}")
    check()


def test_softmax(batch, raw, check):
    for op in ("Softmax", "LogSoftmax"):
        for _ in range(5):
            shape = shape_of(batch.rng, range(1, 6))
            batch.case(getattr(raw, op)(logits=batch.random(shape, low=-30, high=30)), label=str(shape))
    check()


def test_products(batch, raw, check):
    for left, right, dtype in itertools.product([False, True], [False, True], [np.float32, np.int32]):
        m, k, n = (int(s) for s in batch.rng.choice(SIZES, 3))
        a = batch.random([k, m] if left else [m, k], dtype)
        b = batch.random([n, k] if right else [k, n], dtype)
        batch.case(raw.MatMul(a=a, b=b, transpose_a=left, transpose_b=right), label=f"{m} {k} {n}")
        lead = [int(s) for s in batch.rng.choice([1, 2, 3], batch.rng.integers(1, 3))]
        a = batch.random([*lead, k, m] if left else [*lead, m, k], dtype)
        b = batch.random([*lead, n, k] if right else [*lead, k, n], dtype)
        batch.case(raw.BatchMatMul(x=a, y=b, adj_x=left, adj_y=right), label=f"{lead} {m} {k} {n}")
        some = lead[1:] if batch.rng.random() < 0.5 else [1] * len(lead)
        b = batch.random([*some, n, k] if right else [*some, k, n], dtype)
        batch.case(raw.BatchMatMulV2(x=a, y=b, adj_x=left, adj_y=right), label=f"{lead} {some} {m} {k} {n}")
    batch.case(raw.MatMul(a=batch.random([3, 0]), b=batch.random([0, 5])))
    check()


# ---- windows

def both_forms(batch, value, make):
    """make(tensor, form), compared with TensorFlow's: NCHW does not run on its CPUs, so there NHWC answers for it."""
    free = batch.rng.random() < 0.4
    y = make(batch.input(value, free, known=3), "NHWC")
    batch.case(y, label=f"NHWC {value.shape}")
    other = make(batch.input(nchw(value), free, known=1), "NCHW")
    batch.case(other, batch.tf.transpose(y, (0, 3, 1, 2)), label=f"NCHW {value.shape}")


def in_form(form, attribute):
    """[1, h, w, 1] or pairs of such, in the order of the form."""
    n = len(attribute) // 4
    a = [attribute[i * n:(i + 1) * n] for i in range(4)]
    return sum([a[0], a[1], a[2], a[3]] if form == "NHWC" else [a[0], a[3], a[1], a[2]], [])


def window_attributes(batch, kernel, x, dilate, explicit=True):
    """Random strides, dilations and padding that leave something of the picture `x`."""
    rng = batch.rng
    strides = [1, *(int(s) for s in rng.choice([1, 1, 2, 3], 2)), 1]
    dilations = [1, 1, 1, 1]
    if dilate and rng.random() < 0.3:
        dilations, strides = [1, int(rng.choice([1, 2, 3])), 2, 1], [1, 1, 1, 1]
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilations[1:3])]
    padding = str(rng.choice(["SAME", "VALID", "EXPLICIT"] if explicit else ["SAME", "VALID"]))
    pads = []
    if padding == "EXPLICIT":
        pads = [0, 0, *(int(rng.integers(0, k)) for k in kernel for _ in range(2)), 0, 0]
    room = [x[1] + sum(pads[2:4]), x[2] + sum(pads[4:6])]
    if padding != "SAME" and any(r < k for r, k in zip(room, reach)):
        padding, pads = "SAME", []
    return strides, dilations, padding, pads


def test_conv2d(batch, raw, check):
    for _ in range(24):
        groups, each, m = (int(v) for v in batch.rng.choice([1, 1, 2, 3], 3))
        kernel = [int(k) for k in batch.rng.choice([1, 2, 3, 5], 2)]
        shape = picture(batch.rng, groups * each)
        w = batch.numbers([*kernel, each, groups * m])
        strides, dilations, padding, pads = window_attributes(batch, kernel, shape, groups == 1)
        both_forms(batch, batch.numbers(shape), lambda x, form: raw.Conv2D(
            input=x, filter=w, strides=in_form(form, strides), padding=padding, data_format=form,
            explicit_paddings=in_form(form, pads) if pads else [], dilations=in_form(form, dilations)))
    check()


def test_depthwise_conv2d(batch, raw, check):
    for _ in range(12):
        kernel = [int(k) for k in batch.rng.choice([1, 2, 3, 5], 2)]
        shape = picture(batch.rng)
        w = batch.numbers([*kernel, shape[3], int(batch.rng.choice([1, 1, 2, 3]))])
        strides, dilations, padding, pads = window_attributes(batch, kernel, shape, False)
        strides = [1, strides[1], strides[1], 1]
        both_forms(batch, batch.numbers(shape), lambda x, form: raw.DepthwiseConv2dNative(
            input=x, filter=w, strides=in_form(form, strides), padding=padding, data_format=form,
            explicit_paddings=in_form(form, pads) if pads else []))
    check()


def test_conv2d_backprop_input(batch, raw, check):
    for computed in itertools.islice(itertools.cycle([False, True]), 12):
        kernel = [int(k) for k in batch.rng.choice([2, 3, 4, 5], 2)]
        n, h, w, channels = picture(batch.rng)
        m, stride = int(batch.rng.choice([1, 3, 4])), int(batch.rng.choice([1, 2, 3]))
        filter_ = batch.numbers([*kernel, m, channels])
        padding = str(batch.rng.choice(["SAME", "VALID"]))
        size = [h * stride, w * stride] if padding == "SAME" else \
            [(h - 1) * stride + kernel[0], (w - 1) * stride + kernel[1]]
        value = batch.numbers([n, h, w, channels])

        def make(x, form):
            at = (1, 2) if form == "NHWC" else (2, 3)
            sizes = [n, *size, m] if form == "NHWC" else [n, m, *size]
            if computed:  # as Keras does: from the shape of the input
                shape = raw.Shape(input=x)
                one = [raw.StridedSlice(input=shape, begin=[i], end=[i + 1], strides=[1], shrink_axis_mask=1)
                       for i in (0, *at)]
                more = [0, 0] if padding == "SAME" else [k - stride for k in kernel]
                grown = [raw.AddV2(x=raw.Mul(x=d, y=stride), y=a) for d, a in zip(one[1:], more)]
                sizes = raw.Pack(values=[one[0], *grown, m] if form == "NHWC" else [one[0], m, *grown])
            return raw.Conv2DBackpropInput(input_sizes=sizes, filter=filter_, out_backprop=x, padding=padding,
                                           strides=in_form(form, [1, stride, stride, 1]), data_format=form)

        both_forms(batch, value, make)
    check()


def test_pools(batch, raw, check):
    for op in ("MaxPool", "AvgPool"):
        for _ in range(16):
            kernel = [int(k) for k in batch.rng.choice([1, 2, 3, 5], 2)]
            shape = picture(batch.rng)
            strides, _, padding, pads = window_attributes(batch, kernel, shape, False, op == "MaxPool")
            more = {"explicit_paddings": pads} if pads else {}
            name = {"MaxPool": "input", "AvgPool": "value"}[op]
            both_forms(batch, batch.numbers(shape), lambda x, form: getattr(raw, op)(
                **{name: x}, ksize=in_form(form, [1, *kernel, 1]), strides=in_form(form, strides), padding=padding,
                data_format=form, **{k: in_form(form, v) for k, v in more.items()}))
    check()


def test_fused_batch_norm(batch, raw, check):
    for op in ("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"):
        for epsilon in (1e-4, 0.1):
            shape = picture(batch.rng)
            vectors = {k: batch.numbers(shape[3:]) for k in ("scale", "offset", "mean")}
            vectors["variance"] = batch.numbers(shape[3:], low=0.1)
            both_forms(batch, batch.numbers(shape), lambda x, form: getattr(raw, op)(
                x=x, **vectors, epsilon=epsilon, is_training=False, data_format=form)[0])
    check()


def test_local_response_normalization(batch, raw, check):
    for radius in (0, 1, 2, 5, 9):
        for bias, alpha, beta in ((1, 1, 0.5), (2, 1e-4, 0.75), (0.5, 0.3, 1)):
            batch.case(raw.LRN(input=batch.random(picture(batch.rng), free=False), depth_radius=radius, bias=bias,
                               alpha=alpha, beta=beta))
    check()


RESIZES = [(False, False), (True, False), (False, True)]


def test_resize(batch, raw, check):
    for op, (align, half) in itertools.product(["ResizeNearestNeighbor", "ResizeBilinear", "ResizeBicubic"], RESIZES):
        for how in ("constant", "fed", "from the shape", "fixed") * 2:
            shape = picture(batch.rng)
            x = batch.random(shape, free=how != "fixed")
            size = [int(s) for s in batch.rng.choice([1, 2, 3, 5, 7, 9, 16, 22], 2)]
            if how == "fed":
                size = batch.input(np.int32(size), free=False)
            elif how == "from the shape":
                part = raw.StridedSlice(input=raw.Shape(input=x), begin=[1], end=[3], strides=[1])
                size = raw.Mul(x=part, y=np.int32([2, 3]))
            y = getattr(raw, op)(images=x, size=size, align_corners=align, half_pixel_centers=half)
            # TensorFlow's cubic weights come from a table of 1024 steps.
            tolerance = {"ResizeNearestNeighbor": 0, "ResizeBilinear": 1e-5, "ResizeBicubic": 4e-3}[op]
            batch.case(y, tolerance=tolerance, label=f"{shape} {how} align={align} half={half}")
        if op != "ResizeBicubic":
            y = getattr(raw, op)(images=batch.random([1, 5, 7, 2], np.uint8, 0, 200, free=False), size=[3, 9],
                                 align_corners=align, half_pixel_centers=half)
            batch.case(y, label="uint8")
    check()


# ---- padding, and space against channels

def test_pads(batch, raw, check):
    for computed in (False, True):
        for _ in range(8):
            shape = shape_of(batch.rng, range(1, 6), empty=0)
            pads = np.int32(batch.rng.integers(0, 4, [len(shape), 2]))
            for dtype in (np.float32, np.int32):
                x = batch.random(shape, dtype)
                how = batch.input(pads, free=False) if computed else pads
                batch.case(raw.Pad(input=x, paddings=how), label=str(shape))
                batch.case(raw.PadV2(input=x, paddings=how, constant_values=dtype(7)), label=str(shape))
            for mode, less in (("REFLECT", 1), ("SYMMETRIC", 0)):
                few = np.minimum(pads, np.int32(shape)[:, None] - less)
                how = batch.input(few, free=False) if computed else few
                batch.case(raw.MirrorPad(input=batch.random(shape), paddings=how, mode=mode),
                           label=f"{shape} {few.tolist()} {mode}")
    check()


def test_depth_and_space(batch, raw, check):
    for _ in range(5):
        n, h, w, c = picture(batch.rng)
        block = int(batch.rng.choice([2, 3]))
        both_forms(batch, batch.numbers([n, h, w, c * block * block]), lambda x, form: raw.DepthToSpace(
            input=x, block_size=block, data_format=form))
        both_forms(batch, batch.numbers([n, h * block, w * block, c]), lambda x, form: raw.SpaceToDepth(
            input=x, block_size=block, data_format=form))
    check()


def test_batch_and_space(batch, raw, check):
    for axes, channels, computed in itertools.product((1, 2), (0, 1, 2), (False, True)):
        if axes + 1 + channels > 4:
            continue
        block = [int(b) for b in batch.rng.choice([1, 2, 3], axes)]
        space = [int(s) for s in batch.rng.choice(PICTURE_SIZES, axes)]
        pads = [[int(p := batch.rng.integers(0, 3)), int(-(s + p) % b)] for s, b in zip(space, block)]
        more = [int(s) for s in batch.rng.choice(SIZES, channels)]
        how = batch.input(np.int32(pads), free=False) if computed else pads
        x = batch.random([2, *space, *more], free=False)
        batch.case(raw.SpaceToBatchND(input=x, block_shape=block, paddings=how), label=f"{axes} {channels} {block} {pads}")
        parts = [(s + sum(p)) // b for s, p, b in zip(space, pads, block)]
        x = batch.random([2 * int(np.prod(block)), *parts, *more], free=False)
        batch.case(raw.BatchToSpaceND(input=x, block_shape=block, crops=how), label=f"{axes} {channels} {block}")
    check()


# ---- joining and parting

def test_concat(batch, raw, check):
    for count in (1, 2, 3, 5):
        for dtype in (np.float32, np.int64, np.bool_):
            shape = shape_of(batch.rng, range(1, 6))
            axis = int(batch.rng.integers(-len(shape), len(shape)))
            parts = []
            for _ in range(count):
                part = list(shape)
                part[axis] = int(batch.rng.choice([0, 1, 2, 5]))
                parts.append(batch.random(part, dtype))
            if count > 1:
                batch.case(raw.ConcatV2(values=parts, axis=axis), label=f"{shape} {axis}")
                batch.case(raw.Concat(concat_dim=axis % len(shape), values=parts), label=f"{shape} {axis}")
    check()


def test_pack_and_unpack(batch, raw, check):
    for count, dtype in itertools.product((1, 2, 5), (np.float32, np.int32)):
        shape = shape_of(batch.rng, range(4))
        axis = int(batch.rng.integers(-len(shape) - 1, len(shape) + 1))
        batch.case(raw.Pack(values=[batch.random(shape, dtype) for _ in range(count)], axis=axis),
                   label=f"{shape} {axis}")
        shape.insert(axis if axis >= 0 else len(shape) + axis + 1, count)
        parts = raw.Unpack(value=batch.random(shape, dtype, free=False), num=count, axis=axis)
        batch.case(list(parts), label=f"{shape} {axis}")
    check()


def test_split(batch, raw, check):
    for parts, dtype in itertools.product((1, 2, 3, 5), (np.float32, np.int32)):
        shape = shape_of(batch.rng, range(1, 6))
        axis = int(batch.rng.integers(-len(shape), len(shape)))
        sizes = [int(s) for s in batch.rng.choice([0, 1, 2, 3], parts)]
        shape[axis] = 2 * parts
        batch.case(list(raw.Split(axis=axis, value=batch.random(shape, dtype), num_split=parts)), label=f"{shape}")
        shape[axis] = sum(sizes)
        x = batch.random(shape, dtype)
        batch.case(list(raw.SplitV(value=x, size_splits=sizes, axis=axis, num_split=parts)),
                   label=f"{shape} {sizes} {axis}")
        fed = batch.input(np.int64(sizes), free=False)
        batch.case(list(raw.SplitV(value=x, size_splits=fed, axis=axis, num_split=parts)))
        for rest in range(parts if parts > 1 else 0):
            open_ = [-1 if i == rest else s for i, s in enumerate(sizes)]
            batch.case(list(raw.SplitV(value=x, size_splits=open_, axis=axis, num_split=parts)),
                       label=f"{shape} {open_} {axis}")
    check()


def test_one_of_several_outputs(batch, raw, check):
    """What reads output 2 of a node gets that one; outputs that nothing reads need not be there."""
    x = batch.random([6, 5], free=False)
    third = raw.Split(axis=0, value=x, num_split=3)[2]
    batch.case(raw.Neg(x=third))
    batch.case(raw.AddV2(x=raw.Unpack(value=x, num=6, axis=0)[5], y=raw.Unpack(value=x, num=6, axis=0)[0]))
    both = raw.IdentityN(input=[x, third])
    batch.case(raw.Square(x=both[1]))
    batch.case(list(raw.IdentityN(input=[x, third, x])))
    check()


def test_gather(batch, raw, check):
    for kind, dtype in itertools.product(INTEGERS, (np.float32, np.int32)):
        for _ in range(3):
            shape = shape_of(batch.rng, range(1, 5), empty=0)
            axis = int(batch.rng.integers(-len(shape), len(shape)))
            index = batch.rng.integers(0, shape[axis], shape_of(batch.rng, range(3))).astype(kind)
            params = batch.random(shape, dtype)
            batch.case(raw.GatherV2(params=params, indices=batch.input(index), axis=axis), label=f"{shape} {axis}")
            first = batch.rng.integers(0, shape[0], [2, 3]).astype(kind)
            batch.case(raw.Gather(params=params, indices=batch.input(first)), label=str(shape))
            depth = int(batch.rng.integers(1, len(shape) + 1))
            many = np.stack([batch.rng.integers(0, d, [3, 2]) for d in shape[:depth]], -1).astype(kind)
            batch.case(raw.GatherNd(params=params, indices=batch.input(many)), label=f"{shape} {many.shape}")
    check()


# ---- shapes

def factored(rng, count):
    """Factors of `count`."""
    shape = []
    for p in (2, 3, 5, 7, 13, 17):
        while count % p == 0 and count:
            count //= p
            shape.append(p)
    rng.shuffle(shape)
    cut = int(rng.integers(len(shape) + 1))
    return [*shape[:cut], count * int(np.prod(shape[cut:], dtype=int)), 1]


def test_reshape(batch, raw, check):
    for kind, computed in itertools.product(INTEGERS, (False, True)):
        for _ in range(5):
            shape = shape_of(batch.rng)
            new = factored(batch.rng, int(np.prod(shape, dtype=int)))
            if np.prod(new) and batch.rng.random() < 0.6:
                new[batch.rng.integers(len(new))] = -1
            how = batch.input(kind(new), free=False) if computed else kind(new)
            batch.case(raw.Reshape(tensor=batch.random(shape), shape=how), label=f"{shape} {new}")
    batch.case(raw.Reshape(tensor=batch.random([2, 0, 3], free=False), shape=[3, 0, 5]))
    x = batch.random([2, 7, 5, 3], free=True)
    shape = raw.Shape(input=x)
    size = [raw.StridedSlice(input=shape, begin=[i], end=[i + 1], strides=[1], shrink_axis_mask=1) for i in range(4)]
    flat = raw.Reshape(tensor=x, shape=raw.Pack(values=[size[0], raw.Mul(x=size[1], y=size[2]), size[3]]))
    batch.case([flat, raw.Reshape(tensor=flat, shape=raw.Pack(values=[*size[:2], -1, 3]))])
    check()


def test_axes(batch, raw, check):
    for dtype in (np.float32, np.int32, np.bool_):
        for _ in range(6):
            shape = shape_of(batch.rng)
            perm = batch.rng.permutation(len(shape)).astype(np.int32)
            batch.case(raw.Transpose(x=batch.random(shape, dtype), perm=perm), label=f"{shape} {perm}")
            axis = int(batch.rng.integers(-len(shape) - 1, len(shape) + 1))
            for how in (axis, [axis], batch.input(np.int32(axis), free=False)):
                batch.case(raw.ExpandDims(input=batch.random(shape, dtype), axis=how), label=f"{shape} {axis}")
            ones = [i for i, d in enumerate(shape) if d == 1]
            x = batch.random(shape, dtype, free=False)
            batch.case(raw.Squeeze(input=x), label=str(shape))
            batch.case(raw.Squeeze(input=x, axis=[i - len(shape) if i % 2 else i for i in ones]), label=str(shape))
    check()


def test_shapes(batch, raw, tf_oracle, check):
    tf = tf_oracle.tf
    for kind in (tf.int32, tf.int64):
        for _ in range(5):
            x = batch.random(shape_of(batch.rng))
            batch.case([raw.Shape(input=x, out_type=kind), raw.Size(input=x, out_type=kind), raw.Rank(input=x)])
    unknown = tf.compat.v1.placeholder(tf.float32, None, name="unknown")
    batch.feeds[unknown] = np.zeros([2, 3, 4], np.float32)
    batch.case([raw.Rank(input=unknown), raw.Size(input=unknown), raw.Shape(input=unknown)])
    check()


def test_made_from_shapes(batch, raw, check):
    for dtype in (np.float32, np.int32, np.bool_):
        for computed in (False, True):
            shape = shape_of(batch.rng)
            how = batch.input(np.int32(shape), free=False) if computed else np.int32(shape)
            batch.case(raw.Fill(dims=how, value=batch.random([], dtype)), label=str(shape))
            part, _ = broadcastable(batch.rng, shape)
            batch.case(raw.BroadcastTo(input=batch.random(part, dtype, free=False), shape=how), label=f"{part} {shape}")
            some = shape_of(batch.rng, range(1, 5))
            times = np.int32(batch.rng.integers(0, 4, len(some)))
            how = batch.input(times, free=False) if computed else times
            batch.case(raw.Tile(input=batch.random(some, dtype), multiples=how), label=f"{some} {times}")
    for start, limit, delta in ((0, 7, 1), (3, -4, -2), (5, 5, 1), (-3, 8, 3)):
        for kind in (np.int32, np.int64, np.float32):
            batch.case(raw.Range(start=kind(start), limit=kind(limit), delta=kind(delta)))
            batch.case(raw.Range(start=batch.input(kind(start)), limit=kind(limit), delta=kind(delta)))
    check()


def test_slice(batch, raw, check):
    for kind, computed in itertools.product(INTEGERS, ("", "begin", "size", "both")):
        for _ in range(3):
            shape = shape_of(batch.rng)
            begin = kind([batch.rng.integers(0, d + 1) for d in shape])
            size = kind([batch.rng.integers(-1, d - b + 1) for b, d in zip(begin, shape)])
            b = batch.input(begin, free=False) if computed in ("begin", "both") else begin
            s = batch.input(size, free=False) if computed in ("size", "both") else size
            batch.case(raw.Slice(input=batch.random(shape), begin=b, size=s), label=f"{shape} {begin} {size}")
    check()


def strided_slice(rng, shape):
    """Random begin, end, strides and masks that are legal for `shape`."""
    begin, end, strides = [], [], []
    masks = dict.fromkeys(["begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask"], 0)
    axis, rank = 0, len(shape)
    dots = rng.random() < 0.4
    after = int(rng.integers(0, rank + 1)) if dots else 0  # axes that stand behind the ellipsis
    while True:
        bit = 1 << len(begin)
        begin.append(int(rng.integers(-9, 9)))
        end.append(int(rng.integers(-9, 9)))
        strides.append(int(rng.choice([1, 1, 2, 3, -1, -2])))
        if rng.random() < 0.15 and len(begin) < rank + 3:
            masks["new_axis_mask"] |= bit
            continue
        if dots and not masks["ellipsis_mask"] and axis >= rank - after:
            masks["ellipsis_mask"] |= bit
            axis = rank - after
            continue
        if dots and not masks["ellipsis_mask"] and rng.random() < 0.3:
            masks["ellipsis_mask"] |= bit
            axis = rank - after
            continue
        if axis >= rank or (not dots and rng.random() < 0.2):
            for values in (begin, end, strides):
                values.pop()
            break
        if shape[axis] > 0 and rng.random() < 0.25:
            masks["shrink_axis_mask"] |= bit
            begin[-1] = int(rng.integers(-shape[axis], shape[axis]))
            strides[-1] = 1
        if rng.random() < 0.3:
            masks["begin_mask"] |= bit
        if rng.random() < 0.3:
            masks["end_mask"] |= bit
        axis += 1
    return np.int32(begin), np.int32(end), np.int32(strides), masks


def test_strided_slice(batch, raw, check):
    for count in range(120):
        shape = shape_of(batch.rng, range(1, 6))
        begin, end, strides, masks = strided_slice(batch.rng, shape)
        b = batch.input(begin, free=False) if count % 4 in (1, 3) and len(begin) else begin
        e = batch.input(end, free=False) if count % 4 in (2, 3) and len(begin) else end
        y = raw.StridedSlice(input=batch.random(shape), begin=b, end=e, strides=strides, **masks)
        batch.case(y, tolerance=0, label=f"{shape} {begin} {end} {strides} {masks}")
    check()


# ---- nodes that compute nothing

def test_assertions_are_ignored(batch, raw, tf_oracle, check):
    tf = tf_oracle.tf
    x = batch.random([2, 3])
    fine = raw.Less(x=raw.Size(input=x), y=7)
    assertion = raw.Assert(condition=raw.LogicalAnd(x=fine, y=True), data=[tf.constant("too large"), x])
    with tf.control_dependencies([assertion]):
        batch.case(raw.Neg(x=x))
    default = tf.compat.v1.placeholder_with_default(np.float32([1, 2, 3]), [None])
    batch.case(raw.Mul(x=x, y=default))
    check()
