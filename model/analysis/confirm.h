#pragma once

#include "base/progress.h"
#include "quant/network.h"

#include <optional>
#include <string>
#include <vector>

namespace quantscope {

/// How a checkpoint under its recipe compares with an export of the same network.
struct Confirmation {
    std::string exportFile; ///< file name
    std::size_t compared = 0; ///< quantized tensors that both have
    std::uint64_t elements = 0;
    /// The first difference: layer, slot, index, both codes (or scales) in a sentence; empty when all agree.
    std::string difference;
    bool confirmed() const { return compared > 0 && difference.empty(); }
};

/// Code for code, in the order of the checkpoint's layers. Errors: Parse, Cancelled.
Result<Confirmation> confirmByExport(const Network &checkpoint, const Network &exported, const Progress &progress = {});

/// ONNX files that lie beside a checkpoint and carry its stem: "model.onnx", "model_qonnx.onnx", "model.qcdq.onnx".
std::vector<std::string> exportsBeside(const std::string &modelPath);

} // namespace quantscope
