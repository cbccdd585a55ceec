#pragma once

#include <string_view>

namespace quantscope {

/// The Python file `quantscope_recipe.py`, which writes the recipe of a live Brevitas model with its proofs: what
/// resources/python holds, taken in at build time.
std::string_view recipePrinter();

} // namespace quantscope
