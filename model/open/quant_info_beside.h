#pragma once

#include "graph/model_file.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace quantscope {

/// A model with the quant_info.json that belongs to it, and what is to know about that.
struct QuantInfoChoice {
    std::shared_ptr<const ModelFile> file;
    std::vector<Diagnostic> notes;
};

/// The quant_info.json of vai_q_pytorch beside a checkpoint, or in quantize_result/ there; the first of them.
std::optional<std::string> quantInfoBeside(const std::string &modelPath);

/// The same model with the quant_info.json of that path (ModelFile::quantInfo), when some name of its parameters is in
/// the file; else the model as it is, and a note. Errors (Usage, Io, Parse): with `required`, it cannot be read or fits
/// nothing.
Result<QuantInfoChoice> withQuantInfo(
    const std::shared_ptr<const ModelFile> &file, const std::string &path, bool required);

/// Of a quant_info.json that was opened itself: the checkpoint beside it, or beside its folder quantize_result, whose
/// parameters it names, when one fits best. Else the JSON alone, with a note that says why.
QuantInfoChoice withCheckpoint(const std::shared_ptr<const ModelFile> &json);

} // namespace quantscope
