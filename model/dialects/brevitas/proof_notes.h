#pragma once

#include "dialects/brevitas/facts.h"

namespace quantscope {

/// What the proofs say of the whole network: confirmed, or each slot that differs, and proofs of what is not there.
void noteProofs(Network &network, const BrevitasFacts &facts);

/// How the proofs of a recipe stand, all of them together.
enum class ProofState {
    None, ///< some quantizer has none that agrees
    Partly, ///< every quantizer has one, and some leave out fields or codes
    Confirmed,
    Differs, ///< one at least is contradicted
};
ProofState proofState(const Network &network);

} // namespace quantscope
