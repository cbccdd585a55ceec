#pragma once

#include "quant/network.h"

#include <string>
#include <utility>
#include <vector>

namespace quantscope {

/// The recipe with another preset for one slot: an entry made by an earlier edit is replaced, else one is appended.
/// Later entries win, so it takes effect and everything the file said stays as it is.
Recipe withPreset(const Recipe &recipe, const std::string &layer, const std::string &slot, const std::string &preset);

/// A choice for one slot: a preset or a lab name with its keywords; without a preset the keywords join what is in force.
struct SlotChoice {
    std::string layer, slot, preset;
    std::vector<std::pair<std::string, std::string>> overrides;
};
Recipe withChoice(const Recipe &recipe, const SlotChoice &choice);

/// Entries that edits added (they do not come from a file) as TOML.
std::string addedToml(const Recipe &recipe);
bool hasEdits(const Recipe &recipe);

/// What saving writes: the file's own text, comments and order kept, with the added entries behind it; where there was no
/// file, the recipe in force.
std::string savedToml(const Network &network, const std::string &fileText);

} // namespace quantscope
