#include "dialects/brevitas/truncation_rules.h"

#include "dialects/brevitas/input_rules.h"

#include <fmt/format.h>

namespace quantscope {

void resolveTruncation(SlotWork &work)
{
    Quantizer quantizer = startQuantizer(*work.spec, work.spec->bits);
    work.slot.quantizer = quantizer;
    const auto input = inputOf(work, true);
    if (!input)
        throw SlotFailure{"input-unknown", "its scale is its input's: give input = \"LAYER\" in the recipe"};
    quantizer.scale = Granular{{}, {}, {input->scale}};
    quantizer.isSigned = input->isSigned;
    quantizer.origin["scale"] = {Origin::Computed, fmt::format("the scale of its input ({})", input->from)};
    if (input->assumed)
        work.markAssumed(quantizer, "scale", "that input");
    work.slot.quantizer = std::move(quantizer);
}

} // namespace quantscope
