#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

namespace quantscope {

/// The document as text, indented by one space, with an end of line. Names are bytes of the file: what is not UTF-8
/// becomes the replacement character.
std::string jsonText(const nlohmann::ordered_json &document);

} // namespace quantscope
