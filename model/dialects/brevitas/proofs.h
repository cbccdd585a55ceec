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

/// Who says what a proof has: "the live model", or the name of the export that told it.
std::string tellerOf(const RecipeProof &proof);

/// Value for value the scale that the proof has.
bool hasScaleOf(const SlotQuantizer &slot, const RecipeProof &proof);

/// A scale whose last bits hang on the order of a sum or on a platform's powers takes those of its proof, or of the
/// export beside the file, and rests on no order any more.
void settleLastBits(SlotWork &work);

/// The last bits of a scale are those of an export beside the file, without which they would be others.
bool isSettledByExport(const SlotQuantizer &slot);

/// Compares a resolved slot with its own proof, field for field, and marks it: what agrees is confirmed, and what
/// differs is not certain any more. Of what an export told only a difference is said, as a warning. Throws ParseError,
/// CancelledError.
void compareWithProof(const BrevitasFacts &facts, SlotIndex index, ResolvedSlot &resolved, const Progress &progress);

/// Who shares its quantizer with one that is contradicted by its own proof is contradicted too, also where the codes
/// alone differ, which its own tensor does not show. Those with a proof of their own stand by that.
void contradictSharers(Network &network, const BrevitasFacts &facts);

} // namespace quantscope
