#include "checks/shift_range.h"

#include "network/dpu_shifts.h"

#include <fmt/format.h>

namespace quantscope {

namespace {

void checkShift(const Layer &layer, const char *name, const std::optional<DpuShift> &shift, const char *wayOn,
    const std::optional<std::int64_t> &told, std::vector<Diagnostic> &out)
{
    if (shift && !shift->fits())
        out.push_back({"shift-range", Severity::Warning, {layer.id, Slot::Weight},
            fmt::format("{}: {} is {}, and the DPU has {}: its compiler refuses that; {}", layer.name, name,
                shift->value, rangeText(*shift), wayOn)});
    if (shift && told && *told != shift->value)
        out.push_back({"shift-range", Severity::Warning, {layer.id, Slot::Weight},
            fmt::format("{}: the file says {} {}, and its positions give {}", layer.name, name, *told, shift->value)});
}

} // namespace

std::vector<Diagnostic> checkShiftRange(const Network &network)
{
    std::vector<Diagnostic> out;
    for (const DpuShifts &shifts : dpuShifts(Arrivals(network))) {
        const Layer &layer = network.layer(shifts.layer);
        checkShift(layer, "shift_cut", shifts.cut, "move the position of its weight or of its output",
            layer.dpu.shiftCut, out);
        checkShift(layer, "shift_bias", shifts.biasShift, "move the position of its bias", layer.dpu.shiftBias, out);
    }
    return out;
}

} // namespace quantscope
