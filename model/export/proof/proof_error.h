#pragma once

#include <stdexcept>

namespace quantscope {

/// Why a proof failed; thrown within proof/ only, where each format's prove function turns it into an Error.
class ProofError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

} // namespace quantscope
