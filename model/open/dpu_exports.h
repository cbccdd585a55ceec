#pragma once

#include "base/progress.h"
#include "network/network.h"

#include <memory>
#include <string>
#include <vector>

namespace quantscope {

/// The files that vai_q_pytorch and the compiler write of one network, as they were read: MODEL_int.xmodel,
/// MODEL_int.onnx, MODEL.xmodel.
struct DpuExports {
    std::vector<std::shared_ptr<const Network>> networks;
    std::vector<Diagnostic> notes; ///< of those that cannot be read
};

/// Those beside a checkpoint or its quant_info.json, or in quantize_result/ there, by the model's name in the JSON.
/// Errors: Cancelled.
Result<DpuExports> dpuExportsBeside(const ModelFile &file, const Progress &progress);

/// Compares positions and codes of every parameter. What agrees is confirmed (ProofVerdict), what differs is
/// contradicted, and where one factor a channel explains it, that is named: the quantizer equalized it before rounding.
/// Also takes the positions of each layer's input and output from there. Throws CancelledError.
void compareWithDpuExports(Network &network, const DpuExports &exports, const Progress &progress);

} // namespace quantscope
