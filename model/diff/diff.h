#pragma once

#include "base/diagnostic.h"
#include "base/progress.h"
#include "diff/change_kernels.h"
#include "diff/renames.h"
#include "network/network.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace quantscope {

enum class SlotState { Same, Changed, OnlyA, OnlyB };
/// "same", "changed", "only_a", "only_b".
std::string_view slotStateName(SlotState state);

/// One slot of both models, or of one. It is changed when kind, bits, sign, narrow range, rounding, scale, zero point
/// or a code differs, or where neither has codes a float; names of tensors, origins and floats behind equal codes are
/// no difference. What cannot be compared is no reason to call it the same.
struct SlotDifference {
    std::optional<LayerId> a, b; ///< its layer in each
    Slot slot = Slot::Weight;
    SlotState state = SlotState::Same;
    std::vector<std::string> fields; ///< "bit_width: 8 -> 6"
    std::vector<std::string> notCompared; ///< fields that one of the models does not know
    std::optional<std::uint64_t> count; ///< elements that were compared
    // Of codes; nothing where they were not compared:
    std::optional<std::uint64_t> codesChanged, signFlips, largestChange;
    std::optional<std::uint64_t> firstIndex; ///< flat, in the order of the first model; nothing when all are equal
    std::vector<ChangeBin> histogram;
    bool assumedA = false, assumedB = false; ///< its quantizer in each is assumed, and nothing has confirmed it
    std::optional<bool> storedEqual; ///< the numbers of both files are equal, where neither holds codes
};

/// What the differences mean together, and what to do.
struct DiffFinding {
    std::string rule;
    Severity severity = Severity::Note;
    std::optional<LayerId> layer; ///< of the first model
    std::optional<Slot> slot;
    std::string text, fix;
    std::string rename = {}; ///< "OLD=NEW" that would pair layers; empty where none is proposed
};

struct ModelDiff {
    std::vector<SlotDifference> slots; ///< in the order of the first model, then what only the second has
    std::vector<DiffFinding> findings;

    std::uint64_t count(SlotState state) const;
    bool same() const { return count(SlotState::Same) == slots.size(); }
};

/// Compares two networks slot by slot, layers by name. Tensors are read in chunks on all cores; a matrix of one model
/// that is transposed in the other is compared as it is meant. Errors: Usage (as namesInOther), Cancelled. Progress
/// counts elements.
Result<ModelDiff> diffOf(
    const Network &a, const Network &b, const std::vector<Rename> &renames = {}, const Progress &progress = {});

} // namespace quantscope
