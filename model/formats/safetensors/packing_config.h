#pragma once

#include "graph/model_file.h"

namespace quantscope {

/// Files of GPTQ do not say themselves how their zero points are stored: `quantize_config.json`, else `config.json`,
/// beside them does. Puts its word into the
/// metadata of a file with packed weights ("checkpoint_format": "gptq" or "gptq_v2", and "checkpoint_format_from"); one
/// that is absent, too long or no JSON says nothing.
void takePackingConfig(ModelFile &file);

} // namespace quantscope
