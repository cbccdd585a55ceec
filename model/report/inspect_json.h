#pragma once

#include "report/inspect.h"

#include <nlohmann/json_fwd.hpp>

namespace quantscope {

/// `inspect --json`, schema 1.
nlohmann::ordered_json inspectJson(const Inspection &inspection, const InspectOptions &options);

} // namespace quantscope
