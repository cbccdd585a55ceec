#pragma once

#include <set>
#include <string>

#include <nlohmann/json_fwd.hpp>

namespace quantscope {

// Readers of manifest entries that may have been written by anyone.

/// A text of an entry; empty when it has none of that name.
std::string textOf(const nlohmann::ordered_json &entry, const char *key);
/// The symbols that an entry of "files" names.
std::set<std::string> symbolsOf(const nlohmann::ordered_json &file);
/// `key` is a list of objects.
bool isObjects(const nlohmann::ordered_json &manifest, const char *key);

} // namespace quantscope
