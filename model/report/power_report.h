#pragma once

#include "lab/power_of_two.h"

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace quantscope {

/// `compare --power-of-two`: one table a layer.
std::string powerText(const std::vector<PowerTable> &tables);
nlohmann::ordered_json powerJson(const std::vector<PowerTable> &tables);
std::string powerCsv(const std::vector<PowerTable> &tables);

} // namespace quantscope
