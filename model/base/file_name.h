#pragma once

#include <string>
#include <string_view>

namespace quantscope {

/// What stands behind the last '/' of a path: "a/b.pt" -> "b.pt", "b.pt" -> "b.pt", "a/" -> "".
std::string fileName(std::string_view path);

/// A model's path without what its format puts behind its name: "a/b.pt" -> "a/b", and of the index of a model in
/// several files "a/model.safetensors.index.json" -> "a/model".
std::string modelStem(std::string_view path);

} // namespace quantscope
