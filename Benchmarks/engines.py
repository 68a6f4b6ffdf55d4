"""What peers run a model with, by name: ENGINES[name](setting, model) makes a function that takes ids, mask and kinds,
int64 [rows, tokens] from numpy, and returns start and end logits.

Each engine comes in the best form that its own documentation shows. OpenVINO and zentorch live in environments of their
own, which see the packages of `.venv-bench` too.
"""

import os
from collections import namedtuple

import torch

# The precision, a folder for files, rows to find static scales on, and how rows become ids, mask and kinds.
Setting = namedtuple("Setting", "precision scratch rows padded")

NAMES = ["input_ids", "attention_mask", "token_type_ids"]


def pytorch(setting, model):
    """Eager PyTorch; bfloat16 by autocast."""

    def run(ids, mask, kinds):
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=setting.precision == "bf16"):
            output = model(
                input_ids=torch.from_numpy(ids), attention_mask=torch.from_numpy(mask),
                token_type_ids=torch.from_numpy(kinds))
            return output.start_logits, output.end_logits

    return run


def compiled(setting, model, backend="inductor"):
    """torch.compile on weights of the precision, for any number of rows and tokens."""
    if setting.precision == "bf16":
        model = model.to(torch.bfloat16)
    fast = torch.compile(model, dynamic=True, backend=backend)

    def run(ids, mask, kinds):
        with torch.inference_mode():
            output = fast(
                input_ids=torch.from_numpy(ids), attention_mask=torch.from_numpy(mask),
                token_type_ids=torch.from_numpy(kinds))
            return output.start_logits, output.end_logits

    return run


def zentorch(setting, model):
    """AMD's plug-in for torch.compile."""
    import zentorch  # noqa: F401 it registers itself

    return compiled(setting, model, "zentorch")


def exported(setting, model):
    """The path of the model's plain ONNX graph, with any number of rows and tokens."""
    plain = os.path.join(setting.scratch, "plain.onnx")
    if not os.path.exists(plain):
        example = tuple(torch.ones(2, 8, dtype=torch.int64) for _ in NAMES)
        axes = {name: {0: "rows", 1: "tokens"} for name in NAMES + ["start", "end"]}
        torch.onnx.export(
            model, example, plain, input_names=NAMES, output_names=["start", "end"], dynamic_axes=axes,
            opset_version=17, dynamo=False)
    return plain


def onnx(setting, model):
    """ONNX Runtime on the graph, optimised by its own tool, dynamically quantised per channel for int8."""
    import onnxruntime
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.transformers import optimizer

    fast, small = (os.path.join(setting.scratch, name) for name in ("fast.onnx", "int8.onnx"))
    if not os.path.exists(small):
        config = model.config
        graph = optimizer.optimize_model(
            exported(setting, model), model_type="bert", num_heads=config.num_attention_heads,
            hidden_size=config.hidden_size)
        graph.save_model_to_file(fast)
        quantize_dynamic(
            fast, small, weight_type=QuantType.QInt8, per_channel=True, extra_options={"DefaultTensorType": 1})
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = os.cpu_count()
    session = onnxruntime.InferenceSession(small if setting.precision == "int8" else fast, settings)
    return lambda ids, mask, kinds: session.run(None, dict(zip(NAMES, (ids, mask, kinds))))


def openvino(setting, model):
    """OpenVINO on the graph; int8 by NNCF with static scales, found on 300 of the rows."""
    import openvino

    core = openvino.Core()
    graph = quantised(setting, model, core) if setting.precision == "int8" else core.read_model(
        exported(setting, model))
    hint = {"bf16": {"INFERENCE_PRECISION_HINT": "bf16"}, "fp32": {"INFERENCE_PRECISION_HINT": "f32"}}
    compiled_model = core.compile_model(graph, "CPU", {
        "INFERENCE_NUM_THREADS": os.cpu_count(), "PERFORMANCE_HINT": "LATENCY", **hint.get(setting.precision, {})})
    request = compiled_model.create_infer_request()

    def run(ids, mask, kinds):
        result = request.infer(dict(zip(NAMES, (ids, mask, kinds))))
        return result[compiled_model.output(0)], result[compiled_model.output(1)]

    return run


def quantised(setting, model, core):
    import nncf
    import openvino

    path = os.path.join(setting.scratch, "openvino-int8.xml")
    if not os.path.exists(path):
        rows = setting.rows[:: max(1, len(setting.rows) // 300)][:300]
        inputs = [dict(zip(NAMES, setting.padded([row]))) for row in rows]
        graph = nncf.quantize(
            core.read_model(exported(setting, model)), nncf.Dataset(inputs), subset_size=len(inputs),
            model_type=nncf.ModelType.TRANSFORMER)
        openvino.save_model(graph, path)
    return core.read_model(path)


ENGINES = {"pytorch": pytorch, "compiled": compiled, "zentorch": zentorch, "onnx": onnx, "openvino": openvino}
