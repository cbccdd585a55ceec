#pragma once

#include <cstddef>
#include <functional>
#include <string>

namespace quantscope {

/// What an export does now.
struct ExportStep {
    std::string doing; ///< "writing", "compiling", "comparing", "reading back"
    std::string file; ///< the first of those that it does it with
    std::size_t others = 0; ///< that it does it with together
    std::size_t number = 0, of = 0; ///< the last of them among the planned files, from 1
};

/// "compiling layer2.h, 3 of 64", "compiling conv1.h and 2 more, 3 of 64".
std::string stepText(const ExportStep &step);

/// Called on the thread that exports.
using ExportSteps = std::function<void(const ExportStep &)>;

} // namespace quantscope
