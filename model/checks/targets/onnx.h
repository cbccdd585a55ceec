#pragma once

#include "checks/rule.h"

namespace quantscope {

/// What ONNX runtimes takes of a model, and what it would compute differently.
std::span<const Rule> onnxRules();

} // namespace quantscope
