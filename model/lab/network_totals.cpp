#include "lab/network_totals.h"

#include "lab/comparison.h"

#include <algorithm>
#include <array>

namespace quantscope {

namespace {

struct BlockShape {
    std::uint64_t words;
    std::uint64_t bits;
};
constexpr std::array kBlockShapes = {BlockShape{16384, 1}, BlockShape{8192, 2}, BlockShape{4096, 4},
    BlockShape{2048, 9}, BlockShape{1024, 18}, BlockShape{512, 36}};

std::uint64_t roundedUp(std::uint64_t count, std::uint64_t by) { return count / by + (count % by != 0 ? 1 : 0); }

void takeWorst(NetworkTotals &totals, const Inspection &inspection, const Layer &layer, const SlotQuantizer &slot)
{
    const SlotStatistics *known = inspection.of({layer.id, slot.slot});
    if (known == nullptr) {
        totals.complete = totals.complete && !canAnalyse(slot);
        return;
    }
    const auto db = known->hasFloats ? known->error.sqnrDb() : std::nullopt;
    if (db && (!totals.worstDb || *db < *totals.worstDb)) {
        totals.worstDb = db;
        totals.worstLayer = layer.name;
    }
}

} // namespace

std::uint64_t blockRams(std::uint64_t words, int bits)
{
    if (words == 0 || bits <= 0)
        return 0;
    std::optional<std::uint64_t> fewest;
    for (const BlockShape &shape : kBlockShapes) {
        const std::uint64_t count
            = roundedUp(words, shape.words) * roundedUp(static_cast<std::uint64_t>(bits), shape.bits);
        fewest = std::min(fewest.value_or(count), count);
    }
    return *fewest;
}

NetworkTotals totalsOf(const Inspection &inspection)
{
    NetworkTotals totals;
    if (!inspection.network)
        return totals;
    for (const Layer &layer : inspection.network->layers)
        for (const SlotQuantizer &slot : layer.slots) {
            if (const std::uint64_t bits = memoryBits(slot); bits > 0) {
                totals.bits += bits;
                totals.blocks += blockRams(slot.tensor->count(), static_cast<int>(bits / slot.tensor->count()));
            }
            if (slot.slot == Slot::Weight && slot.tensor)
                takeWorst(totals, inspection, layer, slot);
        }
    return totals;
}

std::optional<Allocation> allocationInForce(
    const Inspection &inspection, const std::vector<std::string> &layers, Slot wanted)
{
    Allocation out;
    for (const std::string &name : layers) {
        const Layer *layer = inspection.network ? inspection.network->layer(name) : nullptr;
        const SlotQuantizer *slot = layer != nullptr ? layer->slot(wanted) : nullptr;
        const SlotStatistics *known = slot != nullptr ? inspection.of({layer->id, wanted}) : nullptr;
        if (known == nullptr || !known->hasFloats)
            return std::nullopt;
        out.bits += memoryBits(*slot);
        out.errorPower += known->error.errorPower;
        out.signalPower += known->error.signalPower;
    }
    return layers.empty() ? std::nullopt : std::optional(out);
}

} // namespace quantscope
