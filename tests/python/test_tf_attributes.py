"""Each TensorFlow operator of the importer against TensorFlow, at sizes that fit no vector and with every attribute.

A case builds a graph from seeded random inputs; TensorFlow and `picabia run` compute it. Cases of one group share a
graph, so that one run of each answers all of them.
"""
import subprocess
import zlib

import numpy as np
import pytest


class Net:
    """A graph under construction, the values of its placeholders and the tensors to compare."""

    def __init__(self, tf, name):
        self.tf, self.raw, self.random = tf, tf.raw_ops, np.random.default_rng(zlib.crc32(name.encode()))
        self.feeds, self.fetches = {}, []

    def x(self, *shape, dtype=np.float32, low=-3, high=3, unknown=False):
        """A placeholder fed with random numbers; with `unknown`, its shape is not declared."""
        value = self.random.uniform(low, high, shape).astype(dtype)
        placeholder = self.tf.compat.v1.placeholder(dtype, None if unknown else shape, name=f"x{len(self.feeds)}")
        self.feeds[placeholder] = value
        return placeholder

    def out(self, *tensors):
        self.fetches += tensors


def groups(tf):
    """name -> function that adds cases to a Net."""
    raw = tf.raw_ops

    def unary(net):
        for op in ("Abs Atan Ceil Cos Elu Erf Exp Floor IsNan IsInf Neg Relu Relu6 Round Selu Sigmoid Sign Sin Softplus "
                   "Softsign Square Tan Tanh Sinh Cosh Asinh ZerosLike OnesLike").split():
            for shape in [(1,), (3, 1, 5), (7, 17, 3)]:
                net.out(net.tf.raw_ops.__dict__[op](**{
                    {"Elu": "features", "Relu": "features", "Relu6": "features", "Selu": "features",
                     "Softplus": "features", "Softsign": "features"}.get(op, "x"): net.x(*shape)}))
        for op in "Log Log1p Rsqrt Sqrt Reciprocal Acosh".split():
            net.out(net.tf.raw_ops.__dict__[op](x=net.x(5, 7, low=1.1, high=9)))
        for op in "Asin Acos Atanh".split():
            net.out(net.tf.raw_ops.__dict__[op](x=net.x(5, 7, low=-0.9, high=0.9)))
        net.out(raw.LeakyRelu(features=net.x(5, 7), alpha=0.3), raw.LogicalNot(x=raw.Less(x=net.x(4), y=0.0)))

    def binary(net):
        shapes = [((5, 7), (5, 7)), ((2, 3, 5), (5,)), ((2, 1, 5), (3, 1)), ((), (4,)), ((0, 3), (1, 3))]
        for a, b in shapes:
            for op in ("AddV2 Sub Mul RealDiv Maximum Minimum SquaredDifference Less LessEqual Greater GreaterEqual "
                       "Equal NotEqual FloorDiv FloorMod").split():
                net.out(raw.__dict__[op](x=net.x(*a), y=net.x(*b)))
            net.out(raw.Pow(x=net.x(*a, low=0.1), y=net.x(*b)))
        for op in "AddV2 Sub Mul Div FloorDiv FloorMod TruncateDiv TruncateMod Maximum Equal Less".split():
            y = net.x(3, 5, dtype=np.int32, low=1, high=9)
            net.out(raw.__dict__[op](x=net.x(3, 5, dtype=np.int32, low=-50, high=50), y=y))
        p, q = raw.Less(x=net.x(3, 5), y=0.0), raw.Less(x=net.x(5), y=0.0)
        net.out(raw.LogicalAnd(x=p, y=q), raw.LogicalOr(x=p, y=q))
        net.out(raw.AddN(inputs=[net.x(3, 5), net.x(3, 5), net.x(3, 5)]), raw.AddN(inputs=[net.x(2)]))
        net.out(raw.SelectV2(condition=p, t=net.x(5), e=net.x(3, 1)), raw.Select(condition=p, x=net.x(3, 5), y=net.x(3, 5)),
                raw.Select(condition=q, x=net.x(5, 2), y=net.x(5, 2)))
        for layout, shape in (("NHWC", (2, 3, 5, 4)), ("NCHW", (2, 4, 3, 5)), ("NHWC", (3, 4))):
            net.out(raw.BiasAdd(value=net.x(*shape), bias=net.x(4), data_format=layout))

    def reductions(net):
        for axes in ([0], [1, 3], [-1], [0, 1, 2, 3], []):
            for keep in (False, True):
                for op in "Sum Mean Max Min Prod".split():
                    net.out(raw.__dict__[op](input=net.x(2, 3, 5, 4), axis=np.int32(axes), keep_dims=keep))
                p = raw.Less(x=net.x(2, 3, 5, 4), y=1.0)
                net.out(raw.All(input=p, axis=np.int32(axes), keep_dims=keep),
                        raw.Any(input=p, axis=np.int32(axes), keep_dims=keep))
        net.out(raw.Sum(input=net.x(3, 0, 2), axis=1), raw.Sum(input=net.x(3, 4, dtype=np.int32, high=99), axis=0))
        for axis in (0, 1, -1):
            net.out(raw.ArgMax(input=net.x(3, 7, 5), dimension=axis),
                    raw.ArgMin(input=net.x(3, 7, 5), dimension=axis, output_type=net.tf.int32))
        for shape in ((7,), (3, 5), (2, 3, 5, 17)):
            if len(shape) > 1:
                net.out(raw.Softmax(logits=net.x(*shape)), raw.LogSoftmax(logits=net.x(*shape)))
        for exclusive in (False, True):
            for reverse in (False, True):
                for axis in (0, 1, -1):
                    net.out(raw.Cumsum(x=net.x(3, 7, 5), axis=axis, exclusive=exclusive, reverse=reverse))
        net.out(raw.Cumsum(x=net.x(3, 0), axis=1), raw.Cumsum(x=net.x(4, dtype=np.int32, high=99), axis=0))
        for ta in (False, True):
            for tb in (False, True):
                a, b = ((7, 3) if ta else (3, 7)), ((5, 7) if tb else (7, 5))
                net.out(raw.MatMul(a=net.x(*a), b=net.x(*b), transpose_a=ta, transpose_b=tb),
                        raw.BatchMatMulV2(x=net.x(2, 1, *a), y=net.x(3, *b), adj_x=ta, adj_y=tb))

    def moves(net):
        x = net.x(2, 3, 5, 4)
        net.out(raw.Reshape(tensor=x, shape=[6, -1]), raw.Reshape(tensor=x, shape=[2, 3, 20]),
                raw.Reshape(tensor=net.x(0, 4), shape=[2, 0]), raw.Transpose(x=x, perm=[3, 0, 2, 1]))
        net.out(raw.Squeeze(input=net.x(1, 3, 1), axis=[]), raw.Squeeze(input=net.x(1, 3, 1), axis=[-1]))
        for axis in (0, 2, -1):
            net.out(raw.ExpandDims(input=net.x(3, 5), axis=axis), raw.Pack(values=[net.x(3, 5), net.x(3, 5)], axis=axis))
        net.out(raw.Shape(input=x), raw.Shape(input=x, out_type=net.tf.int64), raw.Size(input=x), raw.Rank(input=x))
        net.out(raw.Tile(input=net.x(2, 3), multiples=[3, 1]), raw.BroadcastTo(input=net.x(3, 1), shape=[2, 3, 4]))
        net.out(raw.Fill(dims=[2, 3], value=net.x()), raw.Range(start=net.x(low=0, high=1), limit=7.0, delta=1.5),
                raw.Range(start=3, limit=-4, delta=-2))
        for axis in (0, 1, -1):
            net.out(raw.ConcatV2(values=[net.x(2, 3, 4), net.x(2, 3, 4)], axis=axis),
                    raw.Concat(concat_dim=axis % 3, values=[net.x(2, 3, 4), net.x(2, 3, 4)]),
                    raw.GatherV2(params=net.x(4, 5, 6), indices=[[0, 3], [2, 2]], axis=axis))
        net.out(raw.ConcatV2(values=[net.x(2, 3), net.x(2, 0), net.x(2, 4)], axis=1))
        net.out(raw.Gather(params=net.x(4, 5), indices=[3, 0]), raw.GatherNd(params=net.x(4, 5, 6), indices=[[1, 2], [3, 4]]))
        net.out(*raw.Split(axis=1, value=net.x(2, 6, 3), num_split=3), *raw.Split(axis=-1, value=net.x(2, 6), num_split=2),
                *raw.SplitV(value=net.x(7, 2), size_splits=[2, -1, 4], axis=0, num_split=3),
                *raw.Unpack(value=net.x(3, 5), num=3), *raw.Unpack(value=net.x(3, 2), num=2, axis=-1))
        for to in (np.int32, np.float64, np.float16, np.bool_, np.uint8, np.int64):
            net.out(raw.Cast(x=net.x(3, 5, low=0, high=99), DstT=to))
        net.out(raw.Cast(x=net.x(3, 5, dtype=np.int32, low=-99, high=99), DstT=np.float32))

    def slices(net):
        x = net.x(5, 7, 4, 3)
        for y in (x[1], x[-1], x[1:4], x[::2], x[::-1], x[-2:0:-1], x[..., 0], x[..., 1:3], x[:, 2], x[1, :, ::2, -1],
                  x[net.tf.newaxis], x[..., net.tf.newaxis], x[2, net.tf.newaxis, ..., 1:2], x[3:3], x[:100], x[4:1]):
            net.out(y)
        net.out(raw.Slice(input=x, begin=[1, 0, 2, 0], size=[2, -1, 1, 3]))

    def pads(net):
        p = [[1, 2], [0, 3]]
        net.out(raw.Pad(input=net.x(4, 5), paddings=p), raw.PadV2(input=net.x(4, 5), paddings=p, constant_values=2.5),
                raw.MirrorPad(input=net.x(4, 5), paddings=p, mode="REFLECT"),
                raw.MirrorPad(input=net.x(4, 5), paddings=p, mode="SYMMETRIC"),
                raw.MirrorPad(input=net.x(1, 6, 7, 3), paddings=[[0, 0], [3, 1], [0, 2], [0, 0]], mode="REFLECT"))
        for block in (2, 3):
            net.out(raw.DepthToSpace(input=net.x(2, 3, 5, 36), block_size=block),
                    raw.SpaceToDepth(input=net.x(2, 6, 12, 5), block_size=block))
        net.out(raw.SpaceToBatchND(input=net.x(2, 5, 7, 3), block_shape=[2, 3], paddings=[[1, 0], [0, 2]]),
                raw.SpaceToBatchND(input=net.x(2, 4, 5, 3), block_shape=[2], paddings=[[0, 0]]),
                raw.BatchToSpaceND(input=net.x(12, 3, 4, 2), block_shape=[2, 3], crops=[[1, 0], [0, 2]]))

    def windows(net):
        for padding in ("SAME", "VALID"):
            for strides in ((1, 1), (2, 3)):
                for size in ((5, 7), (8, 6)):
                    x = net.x(2, *size, 4)
                    s = [1, *strides, 1]
                    net.out(raw.MaxPool(input=x, ksize=[1, 2, 3, 1], strides=s, padding=padding),
                            raw.AvgPool(value=x, ksize=[1, 3, 2, 1], strides=s, padding=padding),
                            raw.Conv2D(input=x, filter=net.x(3, 2, 4, 5), strides=s, padding=padding),
                            raw.Conv2D(input=x, filter=net.x(3, 2, 2, 6), strides=s, padding=padding))
                same = [1, strides[0], strides[0], 1]
                for multiplier in (1, 3):
                    net.out(raw.DepthwiseConv2dNative(input=net.x(2, 6, 7, 5), filter=net.x(3, 3, 5, multiplier),
                                                      strides=same, padding=padding))
        net.out(raw.Conv2D(input=net.x(1, 9, 8, 3), filter=net.x(3, 3, 3, 2), strides=[1, 1, 1, 1], padding="EXPLICIT",
                           explicit_paddings=[0, 0, 1, 2, 3, 0, 0, 0]))
        x = net.x(1, 11, 12, 3)  # a dilated convolution as Keras writes it
        y = raw.SpaceToBatchND(input=x, block_shape=[2, 2], paddings=[[2, 3], [2, 2]])
        y = raw.Conv2D(input=y, filter=net.x(3, 3, 3, 4), strides=[1, 1, 1, 1], padding="VALID")
        net.out(raw.BatchToSpaceND(input=y, block_shape=[2, 2], crops=[[0, 1], [0, 0]]))
        for op in ("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"):
            net.out(raw.__dict__[op](x=net.x(2, 3, 5, 4), scale=net.x(4), offset=net.x(4), mean=net.x(4),
                                     variance=net.x(4, low=0.1, high=2), epsilon=0.01, is_training=False)[0])

    def resizes(net):
        for size in ((7, 9), (3, 4), (10, 14), (1, 1)):
            for align, half in ((False, False), (True, False), (False, True)):
                for op in (raw.ResizeNearestNeighbor, raw.ResizeBilinear):
                    net.out(op(images=net.x(2, 5, 7, 3), size=list(size), align_corners=align, half_pixel_centers=half))

    def computed(net):
        x = net.x(2, 6, 8, 3)
        shape = raw.Shape(input=x)
        twice = shape[1:3] * 2
        net.out(raw.ResizeNearestNeighbor(images=x, size=twice), raw.Reshape(tensor=x, shape=net.tf.stack([shape[0], -1, 3])),
                raw.Fill(dims=shape[1:], value=1.5), raw.Tile(input=x, multiples=net.tf.concat([[1], shape[:1], [1, 1]], 0)),
                raw.Pad(input=x, paddings=net.tf.stack([[0, 0], shape[:2], [1, 1], [0, 0]])))
        default = raw.PlaceholderWithDefault(input=net.x(3), shape=[3])
        with net.tf.control_dependencies([raw.Assert(condition=raw.Less(x=net.x(), y=9.0), data=[default]), raw.NoOp()]):
            net.out(raw.Identity(input=raw.StopGradient(input=raw.CheckNumerics(tensor=default, message="m"))))

    return {f.__name__: f for f in (unary, binary, reductions, moves, slices, pads, windows, resizes, computed)}


NAMES = ["unary", "binary", "reductions", "moves", "slices", "pads", "windows", "resizes", "computed"]


@pytest.mark.parametrize("name", NAMES)
def test_operators(name, picabia_binary, tmp_path, tf_oracle):
    tf = tf_oracle.tf
    with tf.Graph().as_default() as graph:
        net = Net(tf, name)
        groups(tf)[name](net)
        fetches = [tf.identity(t, name=f"y{i}") for i, t in enumerate(net.fetches)]
        with tf.compat.v1.Session(graph=graph, config=tf_oracle.config()) as session:
            expected = session.run(fetches, net.feeds)
    (tmp_path / "net.pb").write_bytes(graph.as_graph_def().SerializeToString())
    command = [str(picabia_binary), "run", str(tmp_path / "net.pb"), "--precision", "fp32"]
    for placeholder, value in net.feeds.items():
        node = placeholder.op.name
        np.save(tmp_path / f"{node}.npy", value)
        command += ["--feed", f"{node}={tmp_path}/{node}.npy"]
    for i in range(len(fetches)):
        command += ["--fetch", f"y{i}={tmp_path}/y{i}.npy"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    wrong = []
    for i, want in enumerate(expected):
        found = np.load(tmp_path / f"y{i}.npy")
        source = net.fetches[i].op
        if found.dtype != want.dtype or found.shape != want.shape:
            wrong.append(f"{source.type} {i}: {found.dtype} {found.shape}, expected {want.dtype} {want.shape}")
        elif want.dtype.kind in "biu":
            if not np.array_equal(found, want):
                wrong.append(f"{source.type} {i}: {np.sum(found != want)} of {want.size} elements differ")
        elif not np.allclose(found.astype(float), want.astype(float), rtol=2e-5, atol=2e-5, equal_nan=True):
            wrong.append(f"{source.type} {i}: differs by {np.max(np.abs(found.astype(float) - want.astype(float)))}")
    assert not wrong, "\n".join(wrong)
