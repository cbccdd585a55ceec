#pragma once

#include <string>
#include <vector>

namespace quantscope {

/// ONNX files that lie beside a checkpoint and carry its stem, alone or followed by words of exports: "model.onnx",
/// "model_qonnx.onnx", "model.qcdq.onnx". "model_v2.onnx" belongs to another checkpoint.
std::vector<std::string> exportsBeside(const std::string &modelPath);

} // namespace quantscope
