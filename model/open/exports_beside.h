#pragma once

#include <string>
#include <vector>

namespace quantscope {

/// ONNX files and TorchScript archives that lie beside a checkpoint and carry its stem, alone or followed by words of
/// exports: "model.onnx", "model_qonnx.onnx", "model.qcdq.onnx", "model.qcdq.ts.pt", "model_scripted.pt".
/// "model_v2.onnx" belongs to another checkpoint; "model_quant.pt" is one.
std::vector<std::string> exportsBeside(const std::string &modelPath);

} // namespace quantscope
