#pragma once

#include "base/progress.h"
#include "dialects/brevitas/facts.h"
#include "dialects/brevitas/resolve_slot.h"
#include "dialects/brevitas/slot_work.h"

#include <string>

namespace quantscope {

/// Finds the slot of each proof. Those that name no slot are left for `noteProofs`.
void linkProofs(BrevitasFacts &facts);

/// The proof of a quantizer: of this slot, or of one that shares its object; null when there is none.
const RecipeProof *proofOf(const BrevitasFacts &facts, SlotIndex index);

/// A scale whose last bits hang on the order of a sum or on a platform's powers takes those of its proof, or of the
/// export beside the file, and rests on no order any more.
void settleLastBits(SlotWork &work);

/// The last bits of a scale are those of an export beside the file, without which they would be others.
bool isSettledByExport(const SlotQuantizer &slot);

/// Compares a resolved slot with its own proof, field for field, and marks it: what agrees is confirmed, and what
/// differs is not certain any more. Throws ParseError, CancelledError.
void compareWithProof(const BrevitasFacts &facts, SlotIndex index, ResolvedSlot &resolved, const Progress &progress);

/// What the proofs say of the whole network: confirmed, or each slot that differs, and proofs of what is not there.
void noteProofs(Network &network, const BrevitasFacts &facts);

} // namespace quantscope
