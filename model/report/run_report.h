#pragma once

#include "run/run_result.h"

#include <string>

#include <nlohmann/json_fwd.hpp>

namespace quantscope {

/// What a run found, as tables: outputs and accuracy, then every quantizer of activations and every weight layer's
/// result. `file` is what was given.
std::string runText(const std::string &file, const RunResult &result);
/// JSON, schema 1 of `run`.
nlohmann::ordered_json runJson(const std::string &file, const RunResult &result);

} // namespace quantscope
