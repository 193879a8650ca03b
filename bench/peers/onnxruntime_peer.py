# SPDX-License-Identifier: MIT
"""ONNX Runtime: the graph is made here, optimized by it (BatchNorm folded, activations fused, NCHWc layouts), inputs
and outputs stay in its memory. Usage: onnxruntime_peer.py THREADS; requests as in service.py."""
import sys

import service  # first: it takes stdout

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

import nets

threads = int(sys.argv[1])


def model(name, batch):
    nodes, constants, x, flat = [], [], "x", False

    def add(kind, *parameters, **attributes):
        nonlocal x
        names = [f"p{len(constants) + i}" for i in range(len(parameters))]
        constants.extend(numpy_helper.from_array(p, n) for p, n in zip(parameters, names))
        nodes.append(helper.make_node(kind, [x, *names], [f"v{len(nodes)}"], **attributes))
        x = nodes[-1].output[0]

    for step, arrays in zip(nets.steps(name), nets.tensors(name)):
        if step[0] == "conv":
            _, _, _, k, stride, pad, norm, relu = step
            add("Conv", *arrays[:1 if norm else 2], kernel_shape=[k, k], strides=[stride] * 2, pads=[pad] * 4)
            if norm:
                add("BatchNormalization", *arrays[1:], epsilon=1e-5)
        elif step[0] == "linear":
            if not flat:
                add("Flatten", axis=1)
            flat, relu = True, step[3]
            add("Gemm", *arrays, transB=1)
        else:
            add("MaxPool", kernel_shape=[step[1]] * 2, strides=[step[1]] * 2)
            continue
        if relu:
            add("Relu")
    graph = helper.make_graph(
        nodes, name, [helper.make_tensor_value_info("x", TensorProto.FLOAT, [batch, *nets.shape(name)])],
        [helper.make_tensor_value_info(x, TensorProto.FLOAT, ["n", "f"] if flat else ["n", "c", "h", "w"])], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


class Deployed:
    def __init__(self, name, batch, variant):
        options = ort.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.log_severity_level = 3
        made = model(name, batch)
        onnx.checker.check_model(made)
        self.session = ort.InferenceSession(made.SerializeToString(), options, providers=["CPUExecutionProvider"])
        out = self.session.get_outputs()[0].name
        images = [np.ascontiguousarray(x) for x in nets.images(name, batch)]
        self.outputs = ort.OrtValue.ortvalue_from_numpy(self.session.run(None, {"x": images[0]})[0])
        self.inputs, self.bindings = [ort.OrtValue.ortvalue_from_numpy(x) for x in images], []
        for x in self.inputs:
            binding = self.session.io_binding()
            binding.bind_ortvalue_input("x", x)
            binding.bind_ortvalue_output(out, self.outputs)
            self.bindings.append(binding)
        self.steps = 0

    def restart(self):
        self.steps = 0

    def __call__(self):
        self.session.run_with_iobinding(self.bindings[self.steps % len(self.bindings)])
        self.steps += 1

    def check(self, _):
        self()
        return {"outputs": nets.sample(self.outputs.numpy())}


service.serve(lambda: {"name": f"ONNX Runtime {ort.__version__}", "deploy": ["session"], "train": []},
              lambda kind, *words: Deployed(*words))
