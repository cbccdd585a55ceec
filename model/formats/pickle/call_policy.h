#pragma once

#include <string_view>

namespace quantscope {

/// True for callables that only an attack puts into a model file: they run code, start programs, touch files or load
/// more pickles. QuantScope calls nothing at all; refusing these even when their result is thrown away tells the person
/// that the file is hostile. `module` is compared whole: a user's own package may be called `code.models`.
bool isHostileCallable(std::string_view module, std::string_view attribute);

} // namespace quantscope
