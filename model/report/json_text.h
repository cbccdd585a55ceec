#pragma once

#include <optional>
#include <string>

#include <nlohmann/json.hpp>

namespace quantscope {

/// The document as text, indented by one space, with an end of line. Names are bytes of the file: what is not UTF-8
/// becomes the replacement character.
std::string jsonText(const nlohmann::ordered_json &document);

/// What is not known is null.
template <class T> nlohmann::ordered_json orNull(const std::optional<T> &value)
{
    return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
}

} // namespace quantscope
