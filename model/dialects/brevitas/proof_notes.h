#pragma once

#include "dialects/brevitas/facts.h"

namespace quantscope {

/// What the proofs say of the whole network: confirmed, or each slot that differs, and proofs of what is not there.
void noteProofs(Network &network, const BrevitasFacts &facts);

} // namespace quantscope
