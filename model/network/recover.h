#pragma once

#include <stdexcept>

namespace quantscope {

struct Network;

/// What else may be known when a state_dict is interpreted.
struct RecoverHints {
    /// The same network as a graph (an ONNX export): it tells transposed convolutions and which quantizer feeds which
    /// layer.
    const Network *graph = nullptr;
    /// The same file under another recipe: slots that the change does not touch are taken over, not computed again.
    const Network *previous = nullptr;
};

/// A recipe that does not fit the file: thrown by the interpreters, a Usage error at the border.
class RecipeMismatch : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

} // namespace quantscope
