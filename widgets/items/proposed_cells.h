#pragma once

#include "analysis/inspection.h"
#include "dialects/brevitas/recipe_edits.h"
#include "items/listed_row.h"
#include "lab/candidates.h"
#include "quant/fixed_point.h"

#include <QString>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace quantscope {

/// A quantizer that somebody chose for one slot and has not applied.
struct Proposal {
    SlotChoice choice;
    std::string candidate; ///< as it is written: "ap_fixed<6,-1>"

    static Proposal of(const std::string &layer, Slot slot, const CandidateText &candidate);
    static Proposal of(const std::string &layer, Slot slot, const FixedType &type);
    /// Of "ap_fixed<6,-1>"; nullopt for any other candidate.
    std::optional<FixedType> fixedType() const;
    bool operator==(const Proposal &other) const;
};

/// What the list shows of the layers whose quantizers would be others: "6 · 2⁻⁷", "bias 12 · 2⁻⁹", or "…" while it is
/// computed; in the tip a line for each slot that changes. `proposed` is the network with the proposals in force and
/// the figures of the slots in `changed`; a null one is still being computed. Slots that nobody proposed anything for
/// change too: a bias follows its weight.
std::map<std::string, GivenCell> proposedCells(const Inspection &inForce, const Inspection *proposed,
    const std::vector<SlotId> &changed, const std::vector<Proposal> &proposals);

/// Why a bias is none of its layer's sum any more; empty where it still is, or was not.
QString lostBiasText(const SlotQuantizer &inForce, const SlotQuantizer &chosen);

} // namespace quantscope
