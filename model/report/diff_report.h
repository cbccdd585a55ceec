#pragma once

#include "diff/diff.h"

#include <string>

#include <nlohmann/json_fwd.hpp>

namespace quantscope {

/// Schema 1 of `diff --json`: {"schema", "same", "slots": [...], "findings": [...]}; what was not compared is null.
nlohmann::ordered_json diffJson(const Network &a, const Network &b, const ModelDiff &diff);

/// For people: one sentence, a line for every slot that is not the same, histograms of the changes, and findings with
/// what to do.
std::string diffText(const Network &a, const Network &b, const ModelDiff &diff);

} // namespace quantscope
