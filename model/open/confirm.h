#pragma once

#include "base/progress.h"
#include "network/network.h"

#include <map>
#include <span>
#include <string>
#include <vector>

namespace quantscope {

/// What of a quantizer an export can be asked for.
enum QuantizerField : unsigned {
    ScaleField = 1,
    ZeroPointField = 2,
    BitWidthField = 4,
    SignField = 8,
    NarrowField = 16,
    CodesField = 32,
    RoundingField = 64, ///< of weights, which an export of float weights does not tell
    AllFields = 127,
};

/// "LAYER SLOT" -> the fields of it that were not compared.
using OpenFields = std::map<std::string, unsigned>;

/// How a checkpoint under its recipe compares with an export of the same network.
struct Confirmation {
    std::string exportFile; ///< file name
    std::string pairs; ///< "features.0 = Conv_0": layers that were matched without their names; empty when names meet
    std::size_t compared = 0; ///< quantizers that both have, activations too
    std::uint64_t elements = 0; ///< codes compared
    /// The first difference: layer, slot, index, both codes (or scales) in a sentence; empty when all agree.
    std::string difference;
    /// "LAYER SLOT" -> the fields in which the two agree, of every slot that was compared; 0 where they differ.
    std::map<std::string, unsigned> agreed;
    OpenFields open; ///< what this export does not tell of the checkpoint's quantizers
    std::string
        knownFault; ///< why this export cannot tell some of it: a fault of the exporter; empty when there is none
    bool agrees() const { return compared > 0 && difference.empty(); }
    bool confirmed() const { return agrees() && open.empty(); }
};

/// Field for field and code for code, in the order of the checkpoint's layers. Of the layers in `found` (sorted), whose
/// names did not meet, what only one of the two has is no difference. Errors: Parse, Cancelled.
Result<Confirmation> confirmByExport(const Network &checkpoint, const Network &exported, const Progress &progress = {},
    std::span<const std::string> found = {});

/// One slot as `exported` has it, which both quantize. Throws ParseError, CancelledError.
Confirmation compareSlots(const std::string &layer, const SlotQuantizer &mine, const SlotQuantizer &theirs,
    const Network &exported, const Progress &progress = {});

/// What none of several exports tells.
OpenFields openInAll(std::span<const Confirmation> confirmations);
/// "bit width of conv1 bias, and 3 more"; empty when nothing is open.
std::string openText(const OpenFields &open);

} // namespace quantscope
