#pragma once

#include "base/error.h"
#include "formats/reader.h"
#include "graph/quant_info.h"

#include <string>

namespace quantscope {

/// quant_info.json of vai_q_pytorch (nndct_shared), by its name or its first keys.
bool looksLikeQuantInfo(std::span<const std::byte> head, const ReadRequest &request);
/// A file without tensors that holds it. Throws ParseError.
ModelFile readQuantInfo(const ReadRequest &request);

/// The same from a path, with the corrections of biases beside it where it needs them. Errors: Io, Parse.
Result<QuantInfo> loadQuantInfo(const std::string &path);

} // namespace quantscope
